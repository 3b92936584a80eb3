/** Speaks the resumable file upload of Gemini: a first call gives an address, a second one brings the bytes there. */
import type { Answer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED_ISO } from './call.ts'

export function geminiUpload(call: Call): Answer {
  if (call.header('x-goog-upload-command') !== 'start') return uploaded(call)
  const answer = jsonAnswer({})
  const address = `http://${call.header('host') ?? ''}/gemini/upload/v1beta/files?upload_id=${call.id}&upload_protocol=resumable`
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'x-goog-upload-status': 'active',
      'x-goog-upload-url': address,
    },
  }
}

function uploaded(call: Call): Answer {
  const answer = jsonAnswer({
    file: {
      name: `files/${call.id}`,
      uri: `https://generativelanguage.googleapis.com/v1beta/files/${call.id}`,
      mimeType: call.header('content-type') ?? 'application/octet-stream',
      sizeBytes: String(call.body.length),
      createTime: CREATED_ISO,
      updateTime: CREATED_ISO,
      state: 'ACTIVE',
      source: 'UPLOADED',
    },
  })
  return { ...answer, headers: { ...answer.headers, 'x-goog-upload-status': 'final' } }
}
