/** Speaks the OpenAI surfaces of pictures and sound with the smallest valid files. */
import type { Answer } from './answer.ts'
import { bytesAnswer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { CREATED } from './call.ts'
import { formField } from './form-field.ts'
import { numberIn, textIn } from './json.ts'
import { promptTokens, tokensOf } from './tokens.ts'

/** One pixel. */
const PNG_BASE64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const IMAGES_MAX = 10
const TRANSCRIPT = 'This is what the Custody sandbox hears in every recording.'

export function openaiImages(call: Call): Answer {
  const prompt = textIn(call.json['prompt']) || (formField(call.body, 'prompt') ?? '')
  if (prompt === '') return call.refuse(400, "Missing required parameter: 'prompt'.")
  const count = Math.min(IMAGES_MAX, Math.max(1, Math.trunc(numberIn(call.json['n'], 1))))
  const input = promptTokens(prompt)
  return jsonAnswer({
    created: CREATED,
    output_format: 'png',
    data: Array.from({ length: count }, () => ({ b64_json: PNG_BASE64 })),
    usage: {
      input_tokens: input,
      input_tokens_details: { text_tokens: input, image_tokens: 0 },
      output_tokens: count,
      total_tokens: input + count,
    },
  })
}

export function openaiTranscription(call: Call): Answer {
  if (formField(call.body, 'model') === null) {
    return call.refuse(400, 'you must provide a model parameter')
  }
  const text = call.script.text ?? TRANSCRIPT
  if (formField(call.body, 'response_format') === 'text') {
    return bytesAnswer('text/plain; charset=utf-8', Buffer.from(`${text}\n`))
  }
  const output = tokensOf(text)
  const usage = { type: 'tokens', input_tokens: 1, output_tokens: output, total_tokens: output + 1 }
  return jsonAnswer({ text, usage })
}

export function openaiSpeech(call: Call): Answer {
  if (textIn(call.json['input']) === '') {
    return call.refuse(400, "Missing required parameter: 'input'.")
  }
  return bytesAnswer('audio/wav', SILENCE)
}

const WAV_HEADER_BYTES = 44
const SAMPLE_RATE = 8000

/** A tenth of a second of 8-bit mono silence as RIFF WAVE. */
function silence(): Buffer {
  const samples = SAMPLE_RATE / 10
  const wav = Buffer.alloc(WAV_HEADER_BYTES + samples, 0x80)
  wav.write('RIFF', 0, 'latin1')
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8, 'latin1')
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(SAMPLE_RATE, 24)
  wav.writeUInt32LE(SAMPLE_RATE, 28)
  wav.writeUInt16LE(1, 32)
  wav.writeUInt16LE(8, 34)
  wav.write('data', 36, 'latin1')
  wav.writeUInt32LE(samples, 40)
  return wav
}

const SILENCE = silence()
