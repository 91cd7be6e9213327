/** The package ships no types. It writes to a temporary file beside the target, syncs it, then renames. */
declare module 'write-file-atomic' {
  export default function writeFileAtomic(
    path: string,
    data: string | Uint8Array,
    options?: { readonly mode?: number; readonly fsync?: boolean },
  ): Promise<void>
}
