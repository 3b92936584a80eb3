/** Trust rules: whom they let in, who answers for them, when they last did, and what is wrong with that. */
import { Button } from '@mantine/core'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { TrustRule } from '../../api/trust-rules.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { KeyFlags } from '../keys/key-flags.tsx'
import { LockMenu } from '../locks/lock-menu.tsx'
import classes from '../../ui/form.module.css'

interface RuleTableProps {
  readonly rules: readonly TrustRule[]
  readonly mayChange: boolean
  readonly onEdit: (rule: TrustRule) => void
  readonly onHandOver: (rule: TrustRule) => void
  readonly onRenew: (rule: TrustRule) => void
  readonly onRemove: (rule: TrustRule) => void
}

const LINE_MAX = 140

export function RuleTable({ rules, ...controls }: RuleTableProps) {
  return (
    <DataTable
      label="Trust rules"
      rows={rules}
      rowKey={({ name }) => name}
      columns={ruleColumns(controls)}
    />
  )
}

/** Whose owner is not here is handed over instead, or changed in custody.yaml. */
function mayRenew({ ended, endsAtMs, flags }: TrustRule): boolean {
  if (ended === null && endsAtMs === null) return false
  return !flags.includes('owner-gone') && !flags.includes('ownerless')
}

/** It lets nobody in any more: since when, and why. */
function Ended({ atMs, because }: NonNullable<TrustRule['ended']>) {
  return (
    <small className={classes.ended}>
      <strong>expired</strong> <Moment ms={atMs} day /> ({because})
    </small>
  )
}

function conditionText({ conditions }: TrustRule): string {
  const parts = Object.entries(conditions).map(([name, values]) => `${name}: ${values.join(', ')}`)
  return visibleLine(parts.join('; '), LINE_MAX)
}

function ruleColumns({
  mayChange,
  onEdit,
  onHandOver,
  onRenew,
  onRemove,
}: Omit<RuleTableProps, 'rules'>): TableColumns<TrustRule> {
  return [
    {
      title: 'Name',
      cell: (rule) => (
        <span className={classes.two}>
          {visibleLine(rule.name, 80)}
          <small>
            {rule.isConfigured ? 'custody.yaml' : `made by ${visibleLine(rule.createdBy, 60)}`}
          </small>
        </span>
      ),
    },
    {
      title: 'Whose tokens',
      cell: (rule) => (
        <span className={classes.two}>
          {rule.preset ?? rule.kind}
          <small>{conditionText(rule)}</small>
        </span>
      ),
    },
    {
      title: 'Are then',
      cell: ({ principal, service }) => (
        <span className={classes.two}>
          <span className={classes.mono}>{visibleLine(principal, 80)}</span>
          {service !== '' && <small>service {visibleLine(service, 60)}</small>}
        </span>
      ),
    },
    {
      title: 'Owner',
      cell: ({ owner, flags, endsAtMs, ended }) => (
        <span className={classes.two}>
          {visibleLine(owner, 80)}
          <KeyFlags flags={flags} endsAtMs={endsAtMs} />
          {ended !== null && <Ended {...ended} />}
        </span>
      ),
    },
    {
      title: 'Last used',
      cell: ({ lastUsedAtMs }) => (lastUsedAtMs === null ? 'never' : <Moment ms={lastUsedAtMs} />),
    },
    {
      title: 'Controls',
      isEnd: true,
      cell: (rule) => {
        const name = visibleLine(rule.name, 60)
        return (
          <>
            <LockMenu
              isSmall
              of={`the trust rule ${name}`}
              subjects={[
                { kind: 'person', value: rule.owner },
                { kind: 'service', value: rule.service.includes('{') ? '' : rule.service },
              ]}
            />
            {mayChange && mayRenew(rule) && (
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Renew the trust rule ${name}`}
                onClick={() => onRenew(rule)}
              >
                Renew
              </Button>
            )}
            {mayChange && !rule.isConfigured && (
              <>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={`Change the trust rule ${name}`}
                  onClick={() => onEdit(rule)}
                >
                  Change
                </Button>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={`Hand over the trust rule ${name}`}
                  onClick={() => onHandOver(rule)}
                >
                  Hand over
                </Button>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="red"
                  aria-label={`Remove the trust rule ${name}`}
                  onClick={() => onRemove(rule)}
                >
                  Remove
                </Button>
              </>
            )}
          </>
        )
      },
    },
  ]
}
