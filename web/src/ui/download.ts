/** Gives the browser a text as a file to keep, under exactly this name: of other types it would add an ending. */
export function download(name: string, text: string): void {
  saveFile(name, new Blob([text], { type: 'application/octet-stream' }))
}

export function saveFile(name: string, file: Blob): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
