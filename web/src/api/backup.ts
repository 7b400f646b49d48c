// What /admin/api/v1/backup answers. Times are Unix milliseconds; what is not known is left out.

export type BackupStage =
  | 'starting' | 'looking' | 'unreachable' | 'waiting-for-lease' | 'fetching' | 'restoring' | 'idle' | 'backing-up' | 'pushing' | 'failing' | 'ending'

export interface StageProgress {
  done: number
  total: number
  bytes: number
  bytes_total: number
  bytes_per_second: number
  seconds_left?: number
}

/** That a backup can be restored: it was, to a place of its own, and compared. */
export interface Proof {
  at: number
  commit?: string
  files?: number
  bytes?: number
  seconds?: number
  full?: boolean
  failures?: string[]
}

export interface BackupStatus {
  pid: number
  stage: BackupStage
  text: string
  ready: boolean
  started_at: number
  remote: string
  branch: string
  progress?: StageProgress
  restored?: { commit?: string; at: number; files: number; written: number; bytes: number; seconds: number }
  last?: { commit?: string; at: number; seconds: number; is_new: boolean; entries: number; changed: number; deleted: number }
  acknowledged?: { commit: string; at: number }
  next_at?: number
  failures?: number
  problem?: string
  lease_of?: string
  watch: string
  notes?: { kind: string; path?: string; text: string }[]
  notes_total?: number
  proof?: Proof
  full_proof?: Proof
}

export interface BackupSight {
  running: boolean
  program?: string
  status?: BackupStatus
}

export interface BackupCommit {
  commit: string
  at: number
  entries?: number
  bytes?: number
  changed?: number
  message?: string
  branch?: string
}

export interface BackupEntry {
  name: string
  path: string
  kind: 'file' | 'directory' | 'link'
  size?: number
  modified?: number
}

export interface BackupHistory {
  commits: BackupCommit[]
  /** Older ones are only at the remote. */
  shallow: boolean
}

export interface BackupListing {
  entries: BackupEntry[]
  truncated: boolean
}

export interface BackupDifference {
  changes: { path: string; change: 'added' | 'changed' | 'deleted'; size?: number }[]
  total: number
}

export interface BackupRestore {
  state: 'running' | 'done' | 'failed'
  commit: string
  paths: string[]
  to?: string
  started_at: number
  ended_at?: number
  progress?: { files: number; files_total: number; bytes: number; bytes_total: number }
  result?: { files: number; written: number; kept_aside?: string[]; notes?: string[] }
  problem?: string
  /** Why it failed: it can be asked for again with "live". */
  programs_run?: boolean
}
