/** The query as text with completion. Enter looks it up; the text is what stands in the address. */
import { ActionIcon } from '@mantine/core'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent, RefObject } from 'react'
import { complete } from './completion.ts'
import type { CountedValue, Option } from './completion.ts'
import type { FieldName } from './fields.ts'
import { readQuery } from './grammar.ts'
import classes from './query-bar.module.css'

interface QueryBarProps {
  readonly text: string
  readonly counted: (field: FieldName) => readonly CountedValue[]
  readonly onSearch: (text: string) => void
  readonly input: RefObject<HTMLInputElement | null>
}

/** Characters that are shown before the place of a problem. */
const PLACE_BEFORE = 24

export function QueryBar({ text, counted, onSearch, input }: QueryBarProps) {
  const [draft, setDraft] = useState(text)
  const [caret, setCaret] = useState(text.length)
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const placing = useRef<number | null>(null)
  const listId = useId()
  useEffect(() => setDraft(text), [text])
  useEffect(() => {
    if (placing.current === null) return
    input.current?.setSelectionRange(placing.current, placing.current)
    placing.current = null
  })
  const completion = complete(draft, caret, counted)
  const options = isOpen ? completion.options : []
  const { problem } = readQuery(draft)

  const change = (value: string, at: number): void => {
    setDraft(value)
    setCaret(at)
    setOpen(true)
    setChosen(-1)
  }
  const take = (option: Option): void => {
    const before = draft.slice(0, completion.start) + option.insert
    placing.current = before.length
    change(before + draft.slice(completion.end).trimStart(), before.length)
    input.current?.focus()
  }
  const search = (value: string): void => {
    setOpen(false)
    setChosen(-1)
    onSearch(value.trim())
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const option = options[chosen]
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      setChosen(nextChoice(chosen, event.key === 'ArrowDown' ? 1 : -1, completion.options.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      if (option === undefined) search(draft)
      else take(option)
    } else if (event.key === 'Tab' && option !== undefined) {
      event.preventDefault()
      take(option)
    } else if (event.key === 'Escape') {
      if (isOpen && options.length > 0) setOpen(false)
      else input.current?.blur()
    }
  }

  return (
    <div className={classes.bar} role="search">
      <IconSearch className={classes.icon} size={16} stroke={1.8} aria-hidden="true" />
      <input
        ref={input}
        className={classes.input}
        role="combobox"
        aria-label="Query"
        aria-expanded={options.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${listId}-${chosen}` : undefined}
        aria-invalid={problem !== null && !isOpen}
        placeholder="principal:alice (status:5xx or duration:>30s) -model:gpt-5* last:7d"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        value={draft}
        onChange={(event) =>
          change(event.target.value, event.target.selectionStart ?? event.target.value.length)
        }
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? draft.length)}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {draft !== '' && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label="Clear the query"
          onClick={() => {
            setDraft('')
            search('')
          }}
        >
          <IconX size={14} />
        </ActionIcon>
      )}
      <ul
        id={listId}
        role="listbox"
        aria-label="Completions"
        className={classes.options}
        hidden={options.length === 0}
      >
        {options.map((option, at) => (
          <li
            key={option.insert}
            id={`${listId}-${at}`}
            role="option"
            aria-selected={at === chosen}
            // The bar keeps the focus.
            onPointerDown={(event) => {
              event.preventDefault()
              take(option)
            }}
          >
            <code>{option.label}</code>
            <span>{option.says}</span>
          </li>
        ))}
      </ul>
      {problem !== null && options.length === 0 && (
        <p className={classes.problem} role="alert">
          <code className={classes.place}>
            {draft.slice(Math.max(0, problem.at - PLACE_BEFORE), problem.at)}
            <mark>{draft.slice(problem.at, Math.max(problem.end, problem.at + 1)) || ' '}</mark>
          </code>
          {problem.message} {problem.hint}
        </p>
      )}
    </div>
  )
}

/** -1 stands for none; one walks around through it. */
function nextChoice(chosen: number, step: number, count: number): number {
  return ((chosen + 1 + step + count + 1) % (count + 1)) - 1
}
