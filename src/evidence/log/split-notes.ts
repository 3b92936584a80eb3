/** Cuts a file of signed notes, one behind the other, into its notes: so a gateway keeps checkpoints in a file. */

/** An em dash and a space, byte for byte. */
const SIGNATURE = Buffer.from('\u2014 ').toString('latin1')

/** What holds no second note is one, whatever it is: its reader says what is wrong with it. */
export function splitNotes(file: Buffer): readonly Buffer[] {
  const notes: Buffer[] = []
  let start = 0
  let signed = -1
  let at = 0
  for (const line of file.toString('latin1').split('\n')) {
    const end = Math.min(at + line.length + 1, file.length)
    if (line.startsWith(SIGNATURE)) signed = end
    else if (line !== '' && signed > 0) {
      notes.push(file.subarray(start, signed))
      start = at
      signed = -1
    }
    at = end
  }
  return [...notes, file.subarray(start, notes.length > 0 && signed > 0 ? signed : file.length)]
}
