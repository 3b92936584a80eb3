/** Finds the script of a thread beside the file that starts it: it ends in .ts in a clone and in .js in a built package. */
import { extname } from 'node:path'

/** `name` is without its ending; `starter` is the `import.meta` of the file that starts the thread. */
export function threadScript(name: string, starter: Pick<ImportMeta, 'filename' | 'url'>): URL {
  return new URL(`./${name}${extname(starter.filename)}`, starter.url)
}
