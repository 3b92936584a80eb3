/** Says in a form what the server refused and what to do; fields show their own part of it. */
import { isApiProblem } from '../api/client.ts'
import classes from './form.module.css'

/** What is wrong with one field; null when nothing is, or when it was not the field. */
export function fieldProblem(error: unknown, field: string): string | null {
  if (!isApiProblem(error)) return null
  return error.problem.errors?.find(({ path }) => path === field)?.message ?? null
}

interface FormProblemProps {
  readonly error: unknown
  /** Sentences of the console for error codes that need more than the server's own. */
  readonly explain?: Readonly<Record<string, string>>
}

export function FormProblem({ error, explain = {} }: FormProblemProps) {
  if (error === null || error === undefined) return null
  if (!isApiProblem(error))
    return (
      <div className={classes.problem} role="alert">
        <p>The console made a mistake. Reload the page.</p>
      </div>
    )
  const { code, detail, hint, errors = [] } = error.problem
  return (
    <div className={classes.problem} role="alert">
      <p>{detail}</p>
      {errors.map(({ path, message }) => (
        <p key={`${path} ${message}`}>
          {path} {message}.
        </p>
      ))}
      {errors.length === 0 && <p>{explain[code] ?? hint}</p>}
    </div>
  )
}
