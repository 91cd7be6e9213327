import http from 'node:http'
import https from 'node:https'
import type { TwitterApi } from 'twitter-api-v2'
import type { Config } from '../../config.ts'

export type XKeys = {
  readonly appKey: string
  readonly appSecret: string
  readonly accessToken: string
  readonly accessSecret: string
}

export type XSettings = {
  readonly keys: XKeys
  /** Another server that answers as X does; null for X's own. */
  readonly apiUrl: string | null
  /** Longest silence of the server in one request. */
  readonly timeoutMs?: number
}

/** The settings of X when all four keys are there, else null: then X is a preview. */
export function xSettingsOf({ x }: Pick<Config, 'x'>): XSettings | null {
  const { appKey, appSecret, accessToken, accessSecret, apiUrl } = x
  if (appKey === null || appSecret === null || accessToken === null || accessSecret === null) return null
  return { keys: { appKey, appSecret, accessToken, accessSecret }, apiUrl }
}

export type XClient = {
  readonly api: TwitterApi
  readonly keys: XKeys
  /** The account's own number. */
  readonly selfId: () => Promise<string>
  /** Ends whatever request is under way: its promise is rejected. */
  readonly cut: () => void
}

/**
 * The library behind one door. It has no base URL of its own, so a hook sends each request to `apiUrl` after it was signed for
 * X's: a server in between sees the signature that X would.
 */
export async function openXClient({ keys, apiUrl, timeoutMs = 20_000 }: XSettings): Promise<XClient> {
  const { TwitterApi } = await import('twitter-api-v2')
  const base = apiUrl === null ? null : new URL(apiUrl)
  // A connection for each request: on a kept one that broke meanwhile nobody can tell whether the request arrived.
  const agent = base?.protocol === 'http:' ? new http.Agent() : new https.Agent()
  const redirect = {
    onBeforeRequest: ({ computedParams, requestOptions }: { computedParams: { url: URL }; requestOptions: object }) => {
      // The library waits for ever unless told otherwise.
      Object.assign(requestOptions, { timeout: timeoutMs })
      if (base === null) return
      const { url } = computedParams
      url.protocol = base.protocol
      url.host = base.host
      url.port = base.port
      if (base.pathname !== '/') url.pathname = base.pathname + url.pathname
    },
  }
  const api = new TwitterApi({ ...keys }, { httpAgent: agent, plugins: [redirect] })
  let self: string | null = /^(\d+)-/.exec(keys.accessToken)?.[1] ?? null
  return {
    api,
    keys,
    // An access token of X begins with the number of its account, which spares a paid request.
    selfId: async () => {
      self ??= (await api.v2.me()).data.id
      return self
    },
    cut: () => agent.destroy(),
  }
}
