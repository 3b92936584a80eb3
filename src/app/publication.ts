/** Wires those outside who hold checkpoints of the transparency log. */
import type { PublicationConfig } from '../config/evidence-config.ts'
import { nodeDisk } from '../evidence/disk.ts'
import { logFolder } from '../evidence/evidence-log.ts'
import { LogFolder } from '../evidence/log/log-folder.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import { CheckpointPublisher, httpWitness } from '../evidence/publish/publisher.ts'
import { fileReceiver, storeReceiver, webhookReceiver } from '../evidence/publish/receivers.ts'
import { systemClock } from '../lib/clock.ts'
import type { Logger } from '../telemetry/logger.ts'

export function publishCheckpoints(
  config: PublicationConfig,
  folder: string,
  evidence: Evidence,
  log: Logger,
): CheckpointPublisher {
  return new CheckpointPublisher({
    writer: evidence.log.writer,
    store: new LogFolder(nodeDisk, logFolder(folder)),
    clock: systemClock,
    everyMs: config.publishEveryMs,
    witnesses: config.witnesses.map(({ name, key, url }) => httpWitness(name, key, url)),
    quorum: config.quorum,
    receivers: [
      ...config.files.map(fileReceiver),
      ...config.webhooks.map(({ url, authorization }) =>
        webhookReceiver(url, authorization?.reveal() ?? null),
      ),
      ...config.objectStores.map(({ accessKeyId, secretAccessKey, ...store }) =>
        storeReceiver({
          ...store,
          accessKeyId: accessKeyId.reveal(),
          secretAccessKey: secretAccessKey.reveal(),
        }),
      ),
    ],
    timestampUrl: config.timestampUrl,
    onFailure: (who, reason) => log.error({ who, reason }, 'a checkpoint was not taken'),
  })
}
