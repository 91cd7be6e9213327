import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that serve as Redis, the first found is taken: Valkey is what several systems ship in its place. */
const programs = ['redis-server', 'valkey-server'] as const

/** Whole path of the server's program on PATH, or null. */
export function findRedisServer(environment: Readonly<Record<string, string | undefined>>): string | null {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const program of programs) {
    for (const folder of folders) {
      const file = join(folder, program)
      if (isExecutable(file)) return file
    }
  }
  return null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Package managers by their programs, at the places where they lie: PATH may be what is wrong. */
const managers: readonly { readonly files: readonly string[]; readonly command: string }[] = [
  { files: ['/opt/homebrew/bin/brew', '/usr/local/bin/brew'], command: 'brew install redis' },
  { files: ['/usr/bin/apt-get'], command: 'sudo apt-get install redis-server' },
  { files: ['/usr/bin/dnf'], command: 'sudo dnf install redis' },
  { files: ['/sbin/apk'], command: 'sudo apk add redis' },
  { files: ['/usr/bin/pacman'], command: 'sudo pacman -S valkey' },
  { files: ['/usr/bin/zypper'], command: 'sudo zypper install redis' },
]

/** The command that installs Redis on the system at hand. */
export function installCommand(exists: (file: string) => boolean = existsSync): string {
  const found = managers.find(({ files }) => files.some(exists))
  return found?.command ?? 'install redis-server (redis.io/docs/install)'
}

/** One line for whoever has no Redis. */
export function redisMissing(): string {
  return `no redis-server was found on PATH, and REDIS_URL is not set; the queue needs one: ${installCommand()}, or name a running one in REDIS_URL`
}
