/** The text of a policy, with what is to be said of it at its lines. */
import { yaml } from '@codemirror/lang-yaml'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import type { Diagnostic } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { basicSetup } from 'codemirror'
import { useEffect, useRef } from 'react'
import type { PolicyCheck } from '../../api/policy.ts'
import classes from './policy.module.css'

interface PolicyEditorProps {
  readonly text: string
  readonly isReadOnly: boolean
  readonly remarks: PolicyCheck['remarks']
  readonly onChange: (text: string) => void
}

/** Colours come from the tokens of the console, so that both schemes work. */
const THEME = EditorView.theme({
  '&': { backgroundColor: 'var(--panel)', color: 'var(--text)', maxHeight: '70vh' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': {
    backgroundColor: 'var(--sunken)',
    color: 'var(--quiet)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  // The colours of the library are meant for a light ground.
  '.cm-line span': { color: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
  },
})

export function PolicyEditor({ text, isReadOnly, remarks, onChange }: PolicyEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const changed = useRef(onChange)
  changed.current = onChange
  useEffect(() => {
    if (host.current === null) return undefined
    // Inside a shadow root the editor adopts its style sheets: the content security policy forbids style elements.
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' })
    const made = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: text,
        extensions: [
          basicSetup,
          yaml(),
          lintGutter(),
          THEME,
          EditorView.lineWrapping,
          EditorState.readOnly.of(isReadOnly),
          EditorView.contentAttributes.of({ 'aria-label': 'Policy text' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString())
          }),
        ],
      }),
    })
    // Its text can be scrolled with the keyboard where it cannot be edited.
    made.scrollDOM.tabIndex = 0
    view.current = made
    return () => {
      made.destroy()
      view.current = null
    }
    // The text is set below when it comes from elsewhere.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [isReadOnly])
  useEffect(() => {
    const now = view.current
    if (now === null || now.state.doc.toString() === text) return
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: text } })
  }, [text])
  useEffect(() => {
    const now = view.current
    if (now === null) return
    now.dispatch(setDiagnostics(now.state, diagnosticsOf(now.state, remarks)))
  }, [remarks, text])
  return <div ref={host} className={classes.editor} />
}

function diagnosticsOf(state: EditorState, remarks: PolicyCheck['remarks']): Diagnostic[] {
  return remarks.map(({ kind, line, column, message, hint }) => {
    const at = state.doc.line(Math.min(Math.max(1, line), state.doc.lines))
    return {
      from: Math.min(at.to, at.from + Math.max(0, column - 1)),
      to: at.to,
      severity: kind === 'problem' ? 'error' : 'warning',
      message: hint === '' ? message : `${message} ${hint}`,
    }
  })
}
