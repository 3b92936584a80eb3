/** Which of the two stream formats of OpenAI a surface speaks. */
import type { Surface } from '../../model/dialect.ts'
import type { StreamShape } from '../../model/stream-shape.ts'
import { chatShape } from './chat-shape.ts'
import { responsesShape } from './responses-shape.ts'

export function streamShape({ name }: Surface): StreamShape | null {
  switch (name) {
    case 'openai.responses':
      return responsesShape()
    case 'openai.chat-completions':
    case 'openai.completions':
      return chatShape()
    default:
      return null
  }
}
