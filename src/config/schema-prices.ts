/** The part of the schema that says what providers charge, so that the cost of an exchange can be shown. */
import { z } from 'zod'
import { leafNotes, shaped, text } from './schema-leaves.ts'

const PER_MILLION = 'Price of a million tokens'

function price(what: string) {
  return z
    .number()
    .min(0)
    .max(1_000_000)
    .describe(what)
    .register(leafNotes, { allowed: 'a number from 0', why: '', secret: false })
}

export const pricesSchema = z
  .strictObject({
    currency: shaped(
      /^[A-Z]{3}$/,
      'ISO 4217 code of all prices.',
      'three capital letters',
    ).prefault('USD'),
    models: z
      .array(
        z
          .strictObject({
            model: text('Glob over the model that answered, such as `gpt-*`.'),
            upstream: text('Name of an upstream. Default: every one.').optional(),
            input: price(`${PER_MILLION} that were sent.`),
            cachedInput: price(
              `${PER_MILLION} that the provider had cached. Default: as other input.`,
            ).optional(),
            output: price(`${PER_MILLION} that came back, reasoning included.`),
          })
          .describe('Prices of some models; the first that matches counts.'),
      )
      .max(1000)
      .describe('Prices by model.'),
  })
  .describe('What providers charge. Without it no cost is shown.')
