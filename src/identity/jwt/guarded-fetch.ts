/** Fetches a small JSON document of an issuer, and only from where an issuer may be. */
import { lookup as systemLookup } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { addressRange } from '../../lib/address-range.ts'

const BYTES_MAX = 512 * 1024
const TIMEOUT_MS = 5_000

export type FetchJson = (url: string) => Promise<unknown>

/**
 * Threat: whoever may write a trust rule could point the gateway at the metadata service or at its own network. Public
 * addresses are fetched over https alone; private ones (an issuer inside the cluster) only when the operator's own file
 * says so. Redirects are not followed, and the address that was judged is the one connected to.
 */
export function guardedFetch(allowPrivate: boolean): FetchJson {
  return (url) =>
    new Promise((resolve, reject) => {
      const target = new URL(url)
      const host = target.hostname.replace(/^\[|\]$/g, '')
      const isLoopback = host === 'localhost' || addressIsLoopback(host)
      if (target.protocol !== 'https:' && !(target.protocol === 'http:' && isLoopback)) {
        reject(new Error('an issuer is asked over https alone'))
        return
      }
      if (isIP(host) !== 0 && !isPermitted(host, allowPrivate)) {
        reject(new Error('the address of the issuer is in a refused range'))
        return
      }
      const send = target.protocol === 'https:' ? httpsRequest : httpRequest
      const request = send(
        target,
        {
          headers: { accept: 'application/json', 'user-agent': 'custody' },
          lookup: lookupWithin(allowPrivate),
          agent: false,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (response) => {
          if (response.statusCode !== 200) {
            response.resume()
            reject(new Error(`the issuer answered with status ${response.statusCode}`))
            return
          }
          const chunks: Buffer[] = []
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length
            if (bytes > BYTES_MAX) request.destroy(new Error('the issuer sent too much'))
            else chunks.push(chunk)
          })
          response.on('error', reject)
          response.on('end', () => {
            try {
              resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
            } catch (error) {
              reject(error)
            }
          })
        },
      )
      request.on('error', reject)
      request.end()
    })
}

function addressIsLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function isPermitted(address: string, allowPrivate: boolean): boolean {
  const range = addressRange(address)
  return range === 'public' || (range === 'private' && allowPrivate)
}

function lookupWithin(allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0)
        return
      }
      const permitted = addresses.filter(({ address }) => isPermitted(address, allowPrivate))
      const [first] = permitted
      if (first === undefined) {
        callback(new Error('the address of the issuer is in a refused range'), '', 0)
        return
      }
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}
