/** Process entry: runs the command line and ends by itself when everything is closed. */
import { runProcess } from './cli/main.ts'

// The bootstrap that started this process under the pinned Node may be killed without a chance to pass the signal on
// (`kill -9`). Then this process must not live on as an orphan that holds the port and the data folder.
if (process.channel !== undefined) {
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
}

await runProcess(process.argv.slice(2))
