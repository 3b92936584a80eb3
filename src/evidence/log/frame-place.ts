/** The place of a frame as leaves name it, and the order of such places. */
import type { FrameAddress } from '../../model/record.ts'
import { INSTANCE_BYTES, isInstanceId } from '../segment-format.ts'

/** `<instance>/<segment>/<offset>`. */
export const placeText = ({ instance, segment, offset }: FrameAddress): string =>
  `${instance}/${segment}/${offset}`

export function parsePlace(text: string): FrameAddress {
  const instance = text.slice(0, INSTANCE_BYTES)
  const at = text.indexOf('/', INSTANCE_BYTES + 1)
  if (!isInstanceId(instance) || at < 0) throw new Error('a leaf names a frame of no instance')
  const segment = Number(text.slice(INSTANCE_BYTES + 1, at))
  return { instance, segment, offset: Number(text.slice(at + 1)) }
}

export function isBefore(a: FrameAddress, b: FrameAddress): boolean {
  if (a.instance !== b.instance) return a.instance < b.instance
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}
