/** `ok` works; `preview` is not configured and not needed to run; `missing` and `failing` say how to mend it. */
export type Finding = {
  readonly check: string
  readonly state: 'ok' | 'preview' | 'missing' | 'failing'
  readonly detail: string
}
