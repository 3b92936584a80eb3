/** The schema of `restricted`: content that one person alone does not open. */
import { z } from 'zod'
import { leafNotes } from './schema-leaves.ts'

const globs = (what: string) =>
  z
    .array(z.string().min(1).max(512))
    .max(500)
    .prefault([])
    .describe(what)
    .register(leafNotes, { allowed: 'a list of names, `*` for any text', why: '', secret: false })

export const restrictedSchema = z
  .strictObject({
    routes: globs('Routes by name.'),
    services: globs('Services, proven or declared.'),
    principals: globs('Who sent it.'),
    tags: globs('Tags that policy rules gave.'),
    retentionClasses: globs('Retention classes.'),
  })
  .prefault({})
  .describe(
    'Exchanges whose content takes a second person: who wants to read it asks with a reason, and another person grants it for a while. What a sealed case pins is restricted too.',
  )
