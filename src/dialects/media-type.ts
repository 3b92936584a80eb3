/** Names the media type of a Content-Type header, without parameters, in lower case. */

export function mediaType(contentType: string): string {
  const [type = ''] = contentType.split(';', 1)
  return type.trim().toLowerCase()
}

export const SSE_TYPE = 'text/event-stream'
