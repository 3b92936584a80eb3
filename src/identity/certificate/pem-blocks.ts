/** Finds what a PEM file holds (RFC 7468). */
export function pemBlocks(label: string, text: string): readonly Buffer[] {
  const block = new RegExp(
    `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`,
    'g',
  )
  return [...text.matchAll(block)].map(([, body = '']) => Buffer.from(body, 'base64'))
}
