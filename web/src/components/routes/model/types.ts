// What the interface says about routes. Times are Unix milliseconds.

/** A rule as the server keeps it; docs/reference/gateway-rules.md has the keys. Keys that this page does not know are left alone. */
export type Rule = Record<string, unknown> & { id: string }

export interface Document {
  default_backend: string | null
  rules: Rule[]
}

export interface RoutesDocument extends Document {
  revision: number
}

/** One line of the effective order. A rule with an app_scope has two. */
export interface OrderEntry {
  /** From 0. */
  rank: number
  id: string
  /** Its place in the list, from 0. */
  index: number
  by_scope: boolean
  priority: number
  /** In bytes; an exact path is one longer than every prefix of it. */
  path_length: number
  referer_length: number
}

export interface RuleProblem {
  rule: string | null
  index: number | null
  /** Such as "match.headers[1].regex"; "" for the whole. */
  field: string
  message: string
  remedy: string
}

export interface ChangeResult {
  revision: number
  rule?: Rule
  notes?: RuleProblem[]
  /** How many there are, after an import. */
  rules?: number
}

export interface RuleCount {
  /** Null: the default backend. */
  id: string | null
  requests: number
  failures: number
  last_request_at: number | null
  last_failure: { at: number; status: number; detail: string } | null
}

export interface BackendState {
  url: string
  healthy: boolean
  /** The program behind it, when it is known. */
  program?: string | null
  state?: string | null
}

export interface Statistics {
  since: number
  rules: RuleCount[]
  backends: BackendState[]
}

export interface HistoryEntry {
  revision: number
  at: number
  who: string
  what: string
}

export interface RuleChange {
  id: string
  /** Where it stood; null when it was not there. */
  index_before: number | null
  before: Rule | null
  after: Rule | null
}

export interface Difference {
  default_backend?: { before: string | null; after: string | null } | null
  rules: RuleChange[]
  /** All ids in their order before, when that does not follow from the rest. */
  order_before?: string[] | null
}

export interface HistoryDetail extends HistoryEntry {
  diff: Difference
}

export interface NameValue {
  name: string
  value: string
}

export interface DryRunQuestion {
  method: string
  url: string
  headers: NameValue[]
  client?: string
}

export interface Trial {
  rule: string
  index: number
  by_scope: boolean
  outcome: 'wins' | 'also_matches' | 'fails' | 'disabled'
  /** The key of the first condition that does not hold. */
  condition: string | null
  /** In English. */
  why: string
}

export interface DryRunAnswer {
  outcome: 'rule' | 'default' | 'denied' | 'bad_path'
  rule: string | null
  by_scope: boolean
  action: 'proxy' | 'redirect' | 'respond'
  status?: number | null
  location?: string | null
  upstream: string[]
  set_headers?: NameValue[] | null
  path: string | null
  asking_scope: string | null
  trials: Trial[]
}
