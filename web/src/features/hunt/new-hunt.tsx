/** The form of a new hunt: what is looked for, in which exchanges, with a preview of how many that are. */
import { Button, SegmentedControl, TextInput, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { facetsQuery } from '../../api/exchanges.ts'
import { begin } from '../../api/hunts.ts'
import type { HuntForm } from '../../api/hunts.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import form from '../../ui/form.module.css'
import { formatCount } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { mayCall, useMe } from '../access/me.ts'
import { readQuery } from '../query/grammar.ts'
import classes from '../entity/entity.module.css'

const KINDS: readonly { readonly value: HuntForm['kind']; readonly label: string }[] = [
  { value: 'text', label: 'Text' },
  { value: 'pattern', label: 'Pattern' },
  { value: 'rule', label: 'Detector rule' },
  { value: 'policy', label: 'Policy rule' },
]

const SAYS: Readonly<Record<HuntForm['kind'], string>> = {
  text: 'Any text, whatever its case. It is kept nowhere.',
  pattern: 'RE2 syntax, in linear time. It is kept nowhere.',
  rule: 'YAML as in a rule file. The rule is kept with the hunt.',
  policy: 'One rule, as in a policy. Recorded requests are put before it, and nothing is stopped.',
}

const EXAMPLE = `id: project-name
entity: PROJECT_NAME
pattern: 'falcon-[0-9]{4}'
score: 0.8
examples: { positive: [falcon-0042], negative: [a falcon] }`

const POLICY_EXAMPLE = `id: cards-to-models
title: Card numbers leave the company
on: request
entities: [CREDIT_CARD]
then: hold
stage: enforce
message: Card numbers need an approval.`

const EXAMPLES: Partial<Record<HuntForm['kind'], string>> = {
  rule: EXAMPLE,
  policy: POLICY_EXAMPLE,
}

export function NewHuntForm() {
  const mayTrace = mayCall(useMe(), 'trace.search')
  const [kind, setKind] = useState<HuntForm['kind']>(mayTrace ? 'text' : 'rule')
  const [text, setText] = useState('')
  const [title, setTitle] = useState('')
  const [q, setQ] = useState('')
  const navigate = useNavigate()
  const client = useQueryClient()
  const problem = readQuery(q).problem
  const scope = useQuery({
    ...facetsQuery(q === '' ? {} : { q }, 0),
    enabled: problem === null,
  })
  const start = useMutation({
    mutationFn: begin,
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['hunts'] })
      await navigate({ to: '/hunts/$id', params: { id } })
    },
  })
  return (
    <Panel title="New hunt" note="decrypts the record and looks into every text">
      <form
        className={`${form.form} ${classes.padded}`}
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate({ kind, text, title: title.trim(), q })
        }}
      >
        <SegmentedControl
          aria-label="What is looked for"
          value={kind}
          data={KINDS.filter(({ value }) => mayTrace || value in EXAMPLES).map((one) => ({
            ...one,
          }))}
          onChange={(value) => setKind(KINDS.find((one) => one.value === value)?.value ?? 'text')}
        />
        <Textarea
          label={KINDS.find(({ value }) => value === kind)?.label}
          description={SAYS[kind]}
          placeholder={EXAMPLES[kind] ?? ''}
          autosize
          minRows={kind in EXAMPLES ? 7 : 2}
          maxRows={14}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <TextInput
          label="Title"
          description="What the hunt is called. It is kept: do not write what is looked for."
          maxLength={120}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <TextInput
          label="Scope"
          description={
            scope.data === undefined || problem !== null
              ? 'A query; nothing for everything.'
              : `${formatCount(scope.data.total)} exchanges are in it.`
          }
          placeholder="service:ci/* time:2026-11-01..2026-11-30"
          spellCheck={false}
          value={q}
          onChange={(event) => setQ(event.target.value)}
          error={problem === null ? null : `${problem.message} ${problem.hint}`}
        />
        <FormProblem error={start.error} />
        <div className={form.row}>
          <Button
            type="submit"
            disabled={text === '' || title.trim() === '' || problem !== null}
            loading={start.isPending}
          >
            Begin
          </Button>
        </div>
      </form>
    </Panel>
  )
}
