import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Writes FILE.gz beside every file of the build: what the binary holds. index.html comes last, for MSBuild takes its time as that of the whole. */
export function compress(): Plugin {
  let directory = ''
  return {
    name: 'compress',
    apply: 'build',
    configResolved(config) {
      directory = config.build.outDir
    },
    async closeBundle() {
      const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      const index = join(directory, 'index.html')
      for (const file of [...files.filter((name) => name !== index), index]) await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }))
    },
  }
}
