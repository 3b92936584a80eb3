/** The life of an exchange as a table: read this first. Steps run in order; the first that stops it answers the caller. */
import type { GatewayError } from '../model/errors.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayParts } from './parts.ts'
import { admit } from './steps/admit.ts'
import { containCaller, containContent } from './steps/contain.ts'
import { decide } from './steps/decide.ts'
import { decode } from './steps/decode.ts'
import { enforce } from './steps/enforce.ts'
import { hold } from './steps/hold.ts'
import { identify } from './steps/identify.ts'
import { inspect } from './steps/inspect.ts'
import { open } from './steps/open.ts'
import { recall } from './steps/recall.ts'
import { route } from './steps/route.ts'

/** A step learns something and lets the exchange go on (`null`), or stops it with the error the caller is given. */
export type StepResult = GatewayError | null
export type Step = (exchange: Exchange, parts: GatewayParts) => StepResult | Promise<StepResult>

/**
 * | step       | learns                                   | may stop with                                   |
 * |------------|------------------------------------------|-------------------------------------------------|
 * | `admit`    | the request line and headers are clean   | request.* 400 405 426, limit.* 503              |
 * | `identify` | `principal`                              | identity.* 401                                  |
 * | `route`    | `tags`, `routing`                        | route.unknown 404, request.bad-path, 403        |
 * | `contain`  | `lock`                                   | containment.* 400 503                           |
 * | `decode`   | `body` and its view, `route`             | request.bad-json 400, limit.body 413, 408, 403  |
 * | `inspect`  | `masking`, `inspection`                  | policy.uninspectable 400, inspection-failed 503 |
 * | `contain`  | `lock`, of model, conversation, findings | containment.locked 400                          |
 * | `decide`   | `decision`                               | policy.denied 400, policy.undecided 503         |
 * | `recall`   | `held`: does a rule hold it?             | approval.denied 400, approval.unavailable 503   |
 * | `enforce`  | `maskedBody`                             | policy.blocked 400                              |
 * | `open`     | `sent`, `recording`: durable from here on| evidence.unavailable 503                        |
 * | `hold`     | `heldBy`: what people said               | approval.* 400 503, identity.* 401              |
 *
 * Then `relay` forwards the request and brings the answer back, and `settle` closes the record, on every path.
 */
export const STEPS_BEFORE_FORWARD: readonly (readonly [name: string, step: Step])[] = [
  ['admit', admit],
  ['identify', identify],
  ['route', route],
  ['contain', containCaller],
  ['decode', decode],
  ['inspect', inspect],
  ['contain-content', containContent],
  ['decide', decide],
  ['recall', recall],
  ['enforce', enforce],
  ['open', open],
  ['hold', hold],
]
