// A backup with a history, a small tree, and a restore that takes a while.
import type { BackupEntry, BackupRestore, BackupSight } from '../src/api/backup'
import { problem, type Call, type Reply } from './fake'

const day = 86_400_000
const files: Record<string, number> = {
  'home/user/AstrBot/data/cmd_config.json': 4_312,
  'home/user/AstrBot/data/data_v4.db': 48_234_496,
  'home/user/AstrBot/data/plugins/astrbot_plugin_demo/main.py': 2_811,
  'home/user/AstrBot/data/plugins/中文 <b>.txt': 120,
  'home/user/config/admin_config.json': 911,
}

export class FakeBackup {
  private readonly startedAt = Date.now() - 3 * day
  private restore: BackupRestore | null = null
  private at = Date.now() - 95_000

  constructor(private readonly announce: () => void) {}

  sight(): BackupSight {
    return {
      running: true,
      program: 'backup',
      status: {
        pid: 41, stage: 'idle', text: 'backed up', ready: true, started_at: this.startedAt, remote: 'https://github.com/me/my-bot-data.git', branch: 'main',
        last: { commit: this.commit(0), at: this.at, seconds: 1.4, is_new: true, entries: 10_482, changed: 12, deleted: 1 }, acknowledged: { commit: this.commit(0), at: this.at },
        next_at: this.at + 180_000, watch: 'on', failures: 0, notes: [{ kind: 'TargetVanished', path: 'app/.config/QQ', text: 'the target is not there; what the last backup has of it is kept for a day' }], notes_total: 1,
        proof: { at: Date.now() - 5 * 3_600_000, files: 50, bytes: 31_000_000, failures: [] },
      },
    }
  }

  answer({ method, path, query, body }: Call): Reply {
    switch (`${method} ${path}`) {
      case 'GET /backup/status':
        return { body: this.sight() }
      case 'POST /backup/now':
        this.at = Date.now()
        setTimeout(this.announce, 50)
        return { body: { done: true } }
      case 'GET /backup/history':
        return { body: { commits: [0, 1, 2, 3].map((n) => ({ commit: this.commit(n), at: this.at - n * day, entries: 10_482 - n, bytes: 812_000_000, changed: 12 + n, branch: 'main' })), shallow: true } }
      case 'GET /backup/files':
        return { body: { entries: entriesOf(query.get('path') ?? ''), truncated: false } }
      case 'GET /backup/diff':
        return { body: { changes: Object.entries(files).map(([name, size], n) => ({ path: name, change: (['changed', 'added', 'deleted'] as const)[n % 3], size })), total: 12 } }
      case 'GET /backup/content':
        return { body: { fake: query.get('path') }, headers: { 'Content-Disposition': 'attachment' } }
      case 'GET /backup/restore':
        return { body: { restore: this.restore } }
      case 'POST /backup/restore':
        return { status: 202, body: { restore: this.begin(body) } }
      default:
        return problem(404, 'not_found', `nothing is at ${path}`)
    }
  }

  private begin(body: Record<string, unknown>): BackupRestore {
    const begun: BackupRestore = { state: 'running', commit: String(body['commit']), paths: body['paths'] as string[], to: body['to'] as string | undefined, started_at: Date.now(), progress: { files: 120, files_total: 482, bytes: 120e6, bytes_total: 800e6 } }
    this.restore = begun
    if (!begun.to && body['live'] !== true) {
      this.restore = { ...begun, state: 'failed', ended_at: Date.now(), programs_run: true, problem: 'cannot restore in place: astrbot is running and may have files open; stop what runs (init stop astrbot), or restore to another directory' }
      return begun
    }
    setTimeout(() => (this.restore = { ...begun, state: 'done', ended_at: Date.now(), result: { files: 482, written: 3, kept_aside: begun.to ? [] : [`${begun.paths[0]}: kept as ${begun.paths[0]}.local-20260101-120000`] } }), 4000)
    return begun
  }

  private commit(n: number): string {
    return `${n}f3a9c17d2b84e605a1c9d7e3b2f40816c5da973`.slice(0, 40)
  }
}

function entriesOf(directory: string): BackupEntry[] {
  const found = new Map<string, BackupEntry>()
  const start = directory === '' ? '' : `${directory}/`
  for (const [path, size] of Object.entries(files)) {
    if (!path.startsWith(start)) continue
    const [name = '', ...more] = path.slice(start.length).split('/')
    found.set(name, more.length > 0 ? { name, path: start + name, kind: 'directory' } : { name, path, kind: 'file', size, modified: Date.now() - 7_200_000 })
  }
  return [...found.values()]
}
