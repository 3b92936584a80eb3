/** What each problem of a verification means, in words for whoever has to act on it. */
import type { VerifyProblem } from './verify-folder.ts'

const LOG_FILES = 'files of the log itself were changed'
const FOREIGN_LEAVES = 'the log was signed with entries that Custody does not write'
const NOT_TRUSTED = 'there is no signature on the log that you trust'

export const PROBLEM_MEANS: Readonly<Record<VerifyProblem['kind'], string>> = {
  'frame-altered': 'bytes of a record were changed after they had been logged',
  'parts-altered': 'bytes of a prompt or an answer were changed after they had been logged',
  'frame-swapped': 'another record stands where this one was written',
  'frame-missing': 'a record is gone: its file was removed, cut off or overwritten with zeros',
  'parts-missing': 'a prompt or an answer is gone: its file was removed, cut off or overwritten',
  'frame-without-leaf':
    'something stands there that was never logged: put in, its entry taken out, or of another gateway',
  'blocks-without-leaf': 'text stands there that was never logged: put in, or its entry taken out',
  'listed-twice': 'the key of the log signed a second beginning of the same record',
  'erased-without-leaf': 'somebody blanked a record past Custody: the log has no erasure of it',
  'erased-under-hold': 'a record was erased while a legal hold named it',
  'erased-not-blank': 'a record counts as erased, and bytes still stand where it was',
  'not-erased':
    'the log says that it was erased, and it is there: not done, or a copy was put back',
  'header-altered': 'the head of a file of records, with its wrapped keys, was changed',
  'header-without-leaf': 'a file of records begins with a head that was never logged',
  'keys-file-altered':
    'a file of keys that a rotation wrapped anew was changed; or a later rotation was broken off (custody keyring rewrap ends it)',
  'keys-file-missing': 'a file of keys that a rotation wrapped anew is gone',
  'keys-file-without-leaf':
    'a file of keys lies there that was never logged: put there, or a rotation was broken off (custody keyring rewrap ends it)',
  damage: 'bytes behind the last logged record are not those of a record',
  'plaintext-differs': 'what decrypts is not what the log committed to',
  'entry-altered': LOG_FILES,
  'hash-altered': LOG_FILES,
  'entry-or-hash-altered': LOG_FILES,
  'root-differs': LOG_FILES,
  'bundle-missing': 'files of the log itself are gone',
  'tile-missing': 'files of the log itself are gone',
  'leaf-refused': FOREIGN_LEAVES,
  'sequence-wrong': FOREIGN_LEAVES,
  'leaf-out-of-order': FOREIGN_LEAVES,
  'close-unmatched': FOREIGN_LEAVES,
  'log-key-unknown':
    'entries name a key that nobody handed the log to: the note that hands it over is gone, or they are foreign',
  'left-open': 'an exchange has no end, although the gateway was started again since',
  truncated: 'the log was cut back: it says less than a checkpoint that it had signed before',
  forked: 'the log was written anew: it says something else than a checkpoint that it had signed',
  'known-refused': 'a checkpoint to compare with is none of this log',
  'checkpoint-missing': NOT_TRUSTED,
  'checkpoint-refused': NOT_TRUSTED,
  'log-missing': 'there is no log, so nothing can be held against it',
  'log-not-trusted': NOT_TRUSTED,
  'rotation-refused': NOT_TRUSTED,
  'rotation-missing': NOT_TRUSTED,
  'revocation-refused': NOT_TRUSTED,
  'revocation-missing': NOT_TRUSTED,
  'witnesses-missing': 'too few of the witnesses that you trust have signed',
  'key-note-without-leaf':
    'a note hands the log to a key, or revokes one, and the log never said so: an old key was stolen',
  'retired-key-used': 'a key signed after it had handed over: somebody else has it',
  'revoked-key-used': 'a revoked key signed: somebody else has it',
  'timestamp-refused': 'a time stamp does not date the checkpoint beside it',
  'timestamp-missing': 'a checkpoint was dated, and its time stamp is gone; or nothing is dated',
  'clock-went-back': "the gateway's clock was set back",
  'clock-ahead': 'the newest entry is from the future',
  silence: 'for minutes nothing was logged, though the gateway had not been stopped in good order',
}
