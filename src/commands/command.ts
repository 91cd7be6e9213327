/** What a command may touch. Tests pass their own. */
export type CommandIo = {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly readStdin: () => Promise<string>
  /** Progress and warnings, to stderr. */
  readonly say: (line: string) => void
  /** Results as they come, to stdout; silent under `--json`. */
  readonly show: (text: string) => void
  /** Whether stderr is a terminal: only then is progress drawn. */
  readonly interactive: boolean
}

/** What a command answers: `text` for people, `json` for `--json`. Exit code 1 is a finding. */
export type CommandResult = { readonly text: string; readonly json: unknown; readonly exitCode?: 0 | 1 }
