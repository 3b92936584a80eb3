/** The place of a frame as leaves name it, and the order of such places. */
import type { FrameAddress } from '../../model/record.ts'
import { isInstanceId } from '../segment-format.ts'

/** `<instance>/<segment>/<offset>`. */
export const placeText = ({ instance, segment, offset }: FrameAddress): string =>
  `${instance}/${segment}/${offset}`

export function parsePlace(text: string): FrameAddress {
  const [instance = '', segment, offset] = text.split('/')
  if (!isInstanceId(instance)) throw new Error('a leaf names a frame of no instance')
  return { instance, segment: Number(segment), offset: Number(offset) }
}

export function isBefore(a: FrameAddress, b: FrameAddress): boolean {
  if (a.instance !== b.instance) return a.instance < b.instance
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}
