/** The schema of `limits` and `recording`: every number that keeps the gateway and its evidence safe, with its reason. */
import { z } from 'zod'
import { choice, count, duration, size } from './schema-leaves.ts'

export const RECORDING_MODES = ['strict', 'strict-chunks', 'best-effort'] as const

export const limitsSchema = z
  .strictObject({
    headerBytesMax: size({
      is: '64KiB',
      min: 1024,
      max: 2 ** 24,
      what: 'Request headers, all together.',
      why: 'A caller must not fill memory before it has shown a key.',
    }),
    bodyBytesMax: size({
      is: '512MiB',
      min: 1,
      max: 2 ** 40,
      what: 'Request body as received.',
      why: 'One upload must not fill the evidence disk.',
    }),
    inspectBytesMax: size({
      is: '32MiB',
      min: 1,
      max: 2 ** 30,
      what: 'Decoded request body that is held whole and read; a larger one is streamed and recorded unread.',
      why: 'A body that is read is held in memory, and a small compressed body can be huge.',
    }),
    jsonDepthMax: count({
      is: 128,
      min: 1,
      max: 4096,
      what: 'Nesting depth of a request body.',
      why: 'Deep nesting is an attack on recursive readers behind the gateway, never a prompt.',
    }),
    jsonElementsMax: count({
      is: 1_000_000,
      min: 1,
      max: 100_000_000,
      what: 'Values in a request body.',
      why: 'Many tiny values cost far more to read than their bytes say.',
    }),
    concurrentExchangesMax: count({
      is: 1024,
      min: 1,
      max: 1_000_000,
      what: 'Exchanges in progress at once.',
      why: 'One refused exchange is better than all exchanges becoming slow.',
    }),
    bufferedBytesMax: size({
      is: '512MiB',
      min: 2 ** 20,
      max: 2 ** 40,
      what: 'Bytes held for all exchanges together.',
      why: 'The process must refuse work before the system kills it and cuts every stream.',
    }),
    headersMs: duration({
      is: '15s',
      min: 100,
      max: 3_600_000,
      what: 'Time for the request headers to arrive.',
      why: 'Slow headers hold a connection for nothing.',
    }),
    requestIdleMs: duration({
      is: '30s',
      min: 100,
      max: 3_600_000,
      what: 'Longest pause inside a request body.',
      why: 'A stalled upload holds a place that others could use.',
    }),
    connectMs: duration({
      is: '10s',
      min: 100,
      max: 600_000,
      what: 'Time to connect to an upstream, TLS included.',
      why: 'A dead address must be told apart from a slow model.',
    }),
    firstByteMs: duration({
      is: '10m',
      min: 100,
      max: 86_400_000,
      what: 'Time from the forwarded request to the first answer byte.',
      why: 'Reasoning models think for minutes, and most SDKs wait ten.',
    }),
    idleMs: duration({
      is: '5m',
      min: 100,
      max: 86_400_000,
      what: 'Longest pause inside an answer.',
      why: 'Providers send keep-alives, so a stream silent this long is dead.',
    }),
    drainMs: duration({
      is: '60s',
      min: 0,
      max: 86_400_000,
      what: 'Time that running exchanges get at shutdown.',
      why: 'Exchanges should end by themselves, and an orchestrator does not wait for ever.',
    }),
  })
  .prefault({})
  .describe("Hard limits. Exceeding one is a clear error in the caller's dialect.")

export const recordingSchema = z
  .strictObject({
    mode: choice(
      RECORDING_MODES,
      'Recording mode where a route names none. `strict`: no record, no forward, and nothing final is released before it is durable; `strict-chunks`: no answer byte is released before it is durable; `best-effort`: traffic continues and the gap becomes a record.',
    ).prefault('strict'),
    segmentBytesMax: size({
      is: '256MiB',
      min: 2 ** 20,
      max: 2 ** 36,
      what: 'A segment file is sealed at this size.',
      why: 'Recovery after a crash reads one segment, and a second of it is the most a restart should cost.',
    }),
    segmentAgeMs: duration({
      is: '1h',
      min: 1000,
      max: 604_800_000,
      what: 'A segment file is sealed at this age.',
      why: 'Sealed segments can be shipped off the machine, and an hour is the most that should wait.',
    }),
    flushMs: duration({
      is: '50ms',
      min: 0,
      max: 1000,
      what: 'Bytes of a running answer are durable within this time.',
      why: 'A crash loses at most this much of an answer that is still on its way.',
    }),
    deadlineMs: duration({
      is: '5s',
      min: 10,
      max: 600_000,
      what: 'A record that is not durable within this time counts as failed.',
      why: 'A hanging disk must turn into a clear refusal before the caller gives up.',
    }),
    freeBytesMin: size({
      is: '512MiB',
      min: 0,
      max: 2 ** 50,
      what: 'Readiness turns red when the evidence disk has less free. Refusals are then recorded without their bodies, below half of it they are only counted.',
      why: 'Load must move away before recording becomes impossible; what is left is for exchanges that run.',
    }),
  })
  .prefault({})
  .describe('How exchanges are recorded.')
