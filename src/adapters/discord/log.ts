/** Where the adapter tells what happened: a logger of pino, or anything with these. */
export type DiscordLog = {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
  readonly debug: (fields: object, message: string) => void
}

export const silent: DiscordLog = { info: () => {}, warn: () => {}, debug: () => {} }
