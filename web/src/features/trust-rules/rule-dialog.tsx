/** Makes a trust rule or changes one: whose tokens or certificates are meant, who they then are, who answers for it. */
import { Button, Modal, NativeSelect, TextInput, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { peopleQuery } from '../../api/people.ts'
import { saveRule, trustRulesQuery } from '../../api/trust-rules.ts'
import type { TrustRule } from '../../api/trust-rules.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { NO_FIELDS, fieldsOf, writtenOf } from './rule-fields.ts'
import type { RuleFields } from './rule-fields.ts'
import classes from '../../ui/form.module.css'

interface RuleDialogProps {
  /** `new`, the rule that is changed, or null to hide it. */
  readonly edited: TrustRule | 'new' | null
  readonly onClose: () => void
}

export function RuleDialog({ edited, onClose }: RuleDialogProps) {
  const title = edited === 'new' ? 'New trust rule' : `Change ${edited?.name ?? ''}`
  return (
    <Modal opened={edited !== null} onClose={onClose} title={title} size="lg">
      {edited !== null && <RuleForm rule={edited === 'new' ? null : edited} onClose={onClose} />}
    </Modal>
  )
}

const FROM = [
  { value: 'github-actions', label: 'GitHub Actions' },
  { value: 'gitlab-ci', label: 'GitLab CI' },
  { value: 'buildkite', label: 'Buildkite' },
  { value: 'circleci', label: 'CircleCI' },
  { value: 'kubernetes', label: 'Kubernetes service accounts' },
  { value: 'spiffe', label: 'SPIFFE JWT-SVID' },
  { value: 'okta', label: 'Okta' },
  { value: 'entra-id', label: 'Microsoft Entra ID' },
  { value: 'google', label: 'Google' },
  { value: 'auth0', label: 'Auth0' },
  { value: '', label: 'Another OpenID issuer' },
  { value: 'certificate', label: 'Client certificates (mTLS)' },
  { value: 'saml', label: 'SAML assertions, for the exchange' },
] as const

function RuleForm({
  rule,
  onClose,
}: {
  readonly rule: TrustRule | null
  readonly onClose: () => void
}) {
  const client = useQueryClient()
  const people = useQuery(peopleQuery)
  const [name, setName] = useState(rule?.name ?? '')
  const [fields, setFields] = useState<RuleFields>(
    rule?.written == null ? NO_FIELDS : fieldsOf(rule.written),
  )
  const written = writtenOf(fields)
  const save = useMutation({
    mutationFn: async () => {
      if (written.kind === 'written') await saveRule(name.trim(), written.rule, rule?.etag ?? null)
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: trustRulesQuery.queryKey })
      notifications.show({ message: 'The rule holds from the next call on.' })
      onClose()
    },
  })
  const set = (change: Partial<RuleFields>): void => {
    // What was said of the rule as it was need not hold of the changed one.
    save.reset()
    setFields({ ...fields, ...change })
  }
  const said = (field: string): string | null => {
    if (written.kind === 'problem' && written.field === field) return written.message
    return fieldProblem(save.error, field) ?? fieldProblem(save.error, `rule.${field}`) ?? null
  }
  const input = (field: Exclude<keyof RuleFields, 'from' | 'claims' | 'more' | 'owner'>) => ({
    value: fields[field],
    maxLength: 2000,
    onChange: (event: { readonly target: { readonly value: string } }) =>
      set({ [field]: event.target.value }),
    error: said(field),
  })
  const logins = (people.data?.items ?? []).filter(({ disabled }) => !disabled)
  const isOfTokens = fields.from !== 'certificate'
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <TextInput
        label="Name"
        required
        disabled={rule !== null}
        data-autofocus={rule === null ? true : undefined}
        maxLength={63}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={said('name')}
      />
      <NativeSelect
        label="Callers prove themselves by"
        data={FROM.map((one) => ({ ...one }))}
        value={fields.from}
        onChange={(event) => set({ from: event.target.value })}
      />
      <TextInput
        label="Issuer"
        description={
          isOfTokens
            ? 'Exactly the iss of the tokens; a preset that has one needs none.'
            : 'Name of the authority, such as CN=Acme Root; any of the gateway’s without it.'
        }
        {...input('issuer')}
      />
      {isOfTokens && (
        <TextInput
          label="Audience"
          description="What the token must be made for; several with commas."
          {...input('audience')}
        />
      )}
      <Textarea
        label="What it must say"
        description="One claim in each line, such as repository_owner_id: 65; * is any text."
        autosize
        minRows={2}
        maxRows={8}
        classNames={{ input: classes.mono }}
        value={fields.claims}
        onChange={(event) => set({ claims: event.target.value })}
        error={said('claims')}
      />
      <TextInput
        label="Who the caller is"
        description="Such as github:{repository}; the preset knows one."
        {...input('principal')}
      />
      <TextInput label="Service" {...input('service')} />
      <NativeSelect
        label="Owner"
        description="The human who answers for the rule: a lock on them holds it too."
        required
        data={ownerNames(fields.owner, logins)}
        value={fields.owner}
        onChange={(event) => set({ owner: event.target.value })}
        error={said('owner')}
      />
      <TextInput label="Upstreams" description="All unless named." {...input('upstreams')} />
      <TextInput label="Models" description="All unless named." {...input('models')} />
      <Textarea
        label="Other settings"
        description="JSON, as under trust.rules of the configuration reference."
        autosize
        minRows={1}
        maxRows={10}
        classNames={{ input: classes.mono }}
        value={fields.more}
        onChange={(event) => set({ more: event.target.value })}
        error={said('more')}
      />
      <FormProblem error={save.error} />
      <div className={classes.row}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          type="submit"
          disabled={name.trim() === '' || fields.owner === '' || written.kind === 'problem'}
          loading={save.isPending}
        >
          {rule === null ? 'Make it' : 'Save'}
        </Button>
      </div>
    </form>
  )
}

/** Whoever owns it now stays choosable, also when they are gone. */
function ownerNames(
  owner: string,
  people: readonly { readonly login: string }[],
): readonly string[] {
  return [...new Set(['', owner, ...people.map(({ login }) => login)])]
}
