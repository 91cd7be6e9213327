import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { InputError } from '../errors.ts'
import type { CommandIo } from './command.ts'

const megabytesMost = 64

export type InputText = { readonly name: string; readonly text: string }

/**
 * The text of a file, or of stdin for `-`, without a byte order mark.
 *
 * @param wanted what the file should be, for the messages: "a JSON or CSV file of returns"
 */
export async function readInput(file: string, wanted: string, io: CommandIo): Promise<InputText> {
  if (file === '-') return { name: 'stdin', text: withoutMark(await io.readStdin()) }
  try {
    const found = await stat(file)
    if (found.isDirectory()) throw new InputError(`${file} is a directory; name ${wanted}, or - for stdin`)
    if (found.size > megabytesMost * 1024 * 1024) {
      throw new InputError(`${file} is larger than ${megabytesMost} MB; name ${wanted}, which takes far less`)
    }
    return { name: basename(file), text: withoutMark(await readFile(file, 'utf8')) }
  } catch (error) {
    if (error instanceof InputError) throw error
    const code = (error as NodeJS.ErrnoException).code
    const wrong = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new InputError(`${file} ${wrong}; name ${wanted}, or - for stdin`, { cause: error })
  }
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
