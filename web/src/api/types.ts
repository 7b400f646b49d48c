// What the interface under /admin/api/v1 answers. Times are Unix milliseconds.

export interface Problem {
  title: string
  status: number
  detail: string
  code?: string
  hint?: string
  problems?: unknown[]
  outcomes?: Outcome[]
}

export interface SessionInfo {
  signed_in: boolean
  expires_at?: number
  version?: string
}

export interface SessionEntry {
  id: string
  created_at: number
  last_seen_at: number
  address: string
  user_agent: string
  current: boolean
}

export interface TokenEntry {
  id: string
  name: string
  created_at: number
  last_used_at: number | null
}

export interface NewToken {
  id: string
  name: string
  token: string
}

export type ProgramState =
  | 'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'WAITING' | 'ABSENT'

export interface ProgramStatus {
  name: string
  program: string
  groups: string[]
  group: string
  index: number
  state: ProgramState
  pid?: number
  ready: boolean
  health?: 'healthy' | 'unhealthy' | 'unknown'
  since: number
  started_at?: number
  stopped_at?: number
  uptime_seconds?: number
  restarts: number
  attempt: number
  last_exit?: string
  last_exit_success?: boolean
  problem?: string
  waiting_for: string[]
  next_run?: number
  next_try_seconds?: number
  enabled: boolean
  wanted: boolean
  optional: boolean
  critical: boolean
  cpu_seconds?: number
  memory_bytes?: number
  stdout_log?: string
  stderr_log?: string
  log_bytes: number
  log_dropped_lines: number
}

export interface Outcome {
  name: string
  code: string
  message?: string
}

export interface Explanation {
  programs: ProgramStatus[]
  waits_for: { name: string; reason: string }[]
  exits: { name: string; at: number; pid: number; status: string; uptime_seconds: number }[]
  probes: { name: string; kind: 'ready' | 'health'; probe: string; result: string; failures: number }[]
  lines: string[]
}

export interface EnvironmentNames {
  name: string
  variables: { name: string; secret: boolean }[]
}

export interface ConfigChange {
  name: string
  change: 'added' | 'removed' | 'changed'
  action: 'start' | 'stop' | 'restart' | 'apply' | 'none' | 'needs-init-restart'
  fields: string[]
}

export interface ChangeList {
  applied: boolean
  items: ConfigChange[]
  warnings: string[]
}

export interface SystemInfo {
  version: string
  state: string
  identifier: string
  pid: number
  config_file?: string
  started_at: number
  uptime_seconds: number
  hostname: string
  load: number[]
  memory: { total_bytes: number; used_bytes: number }
  disks: { path: string; total_bytes: number; free_bytes: number }[]
}

export interface LivePrograms {
  at: number
  server_state: string
  programs: ProgramStatus[]
}

export type LogStream = 'stdout' | 'stderr'
