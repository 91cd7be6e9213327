import { ConfigError } from '../../errors.ts'
import type { Store } from './store.ts'

/** Opens the database that DATABASE_URL names. The driver of the other one is never loaded. */
export async function openStore(
  url: string,
  options: { readonly readOnly: boolean; readonly create: boolean },
): Promise<Store> {
  const file = sqliteFile(url)
  if (file !== null) {
    const { openSqlite } = await import('./sqlite.ts')
    return openSqlite(file, options)
  }
  const address = postgresAddress(url)
  const { openPostgres } = await import('./postgres.ts')
  return openPostgres(url, address, options)
}

/** The address of a journal as it may be shown: no password, no parameters. */
export function shownUrl(url: string): string {
  const file = sqliteFile(url)
  return file === null ? postgresAddress(url) : `sqlite:${file}`
}

/** The file of a `sqlite:FILE` address, or null for another kind. */
function sqliteFile(url: string): string | null {
  if (!url.startsWith('sqlite:')) return null
  const file = url.slice('sqlite:'.length)
  if (file === '' || /^\/\/[^/]/.test(file)) {
    throw new ConfigError('DATABASE_URL names no file: write sqlite:FILE, for example sqlite:.primer/journal.db')
  }
  return file
}

function postgresAddress(url: string): string {
  const wrong = (what: string) =>
    new ConfigError(`DATABASE_URL ${what}: write sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE`)
  if (!/^postgres(ql)?:\/\//.test(url)) throw wrong('is of an unknown kind')
  if (!URL.canParse(url)) throw wrong('cannot be read (a password with signs like / or # must be percent-encoded)')
  const { protocol, username, host, pathname } = new URL(url)
  // An unencoded slash in a password would make the rest of it look like the name of the database.
  if (pathname.includes('@')) throw wrong('cannot be read (a password with a / must be percent-encoded)')
  return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`
}
