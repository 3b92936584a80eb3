/** Compare: two exchanges, or the latest exchanges of two conversations. Which two is in the address. */
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { threadQuery } from '../api/conversations.ts'
import { exchangeQuery } from '../api/exchanges.ts'
import { Compared } from '../features/compare/compared.tsx'
import classes from '../features/compare/compare.module.css'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export interface CompareSearch {
  readonly left?: string
  readonly right?: string
}

const ID = /^(?:ex|cv)_[0-9a-z]{26}$/u

export function readCompareSearch({ left, right }: Record<string, unknown>): CompareSearch {
  return {
    ...(typeof left === 'string' && ID.test(left) ? { left } : {}),
    ...(typeof right === 'string' && ID.test(right) ? { right } : {}),
  }
}

export function Compare() {
  const { left, right } = useSearch({ from: '/shell/compare' })
  return (
    <Page title="Compare" note="two exchanges, or where two conversations stand">
      <Pick key={`${left ?? ''} ${right ?? ''}`} left={left ?? ''} right={right ?? ''} />
      {left === undefined || right === undefined ? (
        <Notice kind="empty" title="Two are needed">
          <p>
            Put in the ids of two exchanges, <code>ex_…</code>, or of two conversations,{' '}
            <code>cv_…</code>.
          </p>
        </Notice>
      ) : (
        <Both left={left} right={right} />
      )}
    </Page>
  )
}

function Pick({ left, right }: { readonly left: string; readonly right: string }) {
  const [one, setOne] = useState(left)
  const [other, setOther] = useState(right)
  const navigate = useNavigate({ from: '/compare' })
  const problem = (id: string): string | null =>
    id === '' || ID.test(id.trim()) ? null : 'An id begins with ex_ or cv_.'
  return (
    <Panel title="Which two">
      <form
        className={classes.pick}
        onSubmit={(event) => {
          event.preventDefault()
          void navigate({ search: { left: one.trim(), right: other.trim() } })
        }}
      >
        <TextInput
          label="Left"
          spellCheck={false}
          value={one}
          onChange={(event) => setOne(event.target.value)}
          error={problem(one)}
        />
        <TextInput
          label="Right"
          spellCheck={false}
          value={other}
          onChange={(event) => setOther(event.target.value)}
          error={problem(other)}
        />
        <Button type="submit" disabled={!ID.test(one.trim()) || !ID.test(other.trim())}>
          Compare
        </Button>
        <Button
          variant="default"
          disabled={one.trim() === '' && other.trim() === ''}
          onClick={() => void navigate({ search: { left: other.trim(), right: one.trim() } })}
        >
          Swap
        </Button>
      </form>
    </Panel>
  )
}

/** Of a conversation its latest exchange: its context window holds what was said before. */
function useExchangeOf(id: string) {
  const isConversation = id.startsWith('cv_')
  const thread = useQuery({ ...threadQuery({ conversation: id }), enabled: isConversation })
  const exchange = isConversation ? (thread.data?.exchanges.at(-1)?.exchange.id ?? '') : id
  const detail = useQuery({ ...exchangeQuery(exchange), enabled: exchange !== '' })
  return { detail: detail.data, error: thread.error ?? detail.error }
}

function Both({ left, right }: { readonly left: string; readonly right: string }) {
  const one = useExchangeOf(left)
  const other = useExchangeOf(right)
  const [mode, setMode] = useState<'masked' | 'revealed'>('masked')
  if (one.error !== null || other.error !== null)
    return <ProblemNotice error={one.error ?? other.error} />
  if (one.detail === undefined || other.detail === undefined)
    return <Skeleton rows={8} label="Loading both" />
  const mayReveal = one.detail.reveal !== null && other.detail.reveal !== null
  return (
    <>
      <p>
        <Link to="/exchanges/$id" params={{ id: one.detail.exchange.id }}>
          Left
        </Link>{' '}
        and{' '}
        <Link to="/exchanges/$id" params={{ id: other.detail.exchange.id }}>
          right
        </Link>
        {mayReveal ? ' ' : ', masked: open a reveal on both to compare words. '}
        {mayReveal && (
          <SegmentedControl
            size="xs"
            aria-label="How content is shown"
            value={mode}
            data={[
              { value: 'masked', label: 'Masked' },
              { value: 'revealed', label: 'Revealed' },
            ]}
            onChange={(value) => setMode(value === 'revealed' ? 'revealed' : 'masked')}
          />
        )}
      </p>
      <Compared left={one.detail} right={other.detail} mode={mayReveal ? mode : 'masked'} />
    </>
  )
}
