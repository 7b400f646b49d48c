// What /admin/api/v1/chat answers: docs/reference/chat-manage.md. Money is in the currency of the models' prices; what is not known is left out.

export interface ChatSight {
  running: boolean
  program?: string
}

export interface ChatModel {
  provider: string
  name: string
  id: string
  type: string
  url: string
  weight: number
}

export interface ChatProviderKey {
  provider: string
  key_variable: string
  model: string
  url: string
  state: 'in use' | 'resting' | 'missing'
  rests_for_seconds?: number
  reason?: string
  calls: number
  failures: number
}

export interface ChatProviders {
  models: ChatModel[]
  keys: ChatProviderKey[]
}

export interface ChatTest {
  model: string
  ok: boolean
  milliseconds: number
  provider?: string
  answer?: string
  problem?: string
}

export interface ChatKeyLimits {
  users?: string[]
  models?: string[]
  requests_per_minute?: number
  tokens_per_minute?: number
  tokens_per_day?: number
  budget_per_day?: number
  budget_per_month?: number
  expires?: string
}

export interface ChatKey {
  id: string
  name: string
  state: 'valid' | 'revoked' | 'expired' | 'unreadable'
  created: string
  revoked?: string
  limits?: ChatKeyLimits
  used: { day_tokens: number; day_cost: number; month_cost: number }
}

/** The whole key is told this once. */
export interface NewChatKey {
  id: string
  name: string
  key: string
}

export interface ChatUsage {
  day?: string
  model?: string
  user?: string
  key?: string
  calls: number
  failures: number
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  cost: number
}

export interface ChatUser {
  id: string
  has: string[]
  calls: number
  total_tokens: number
  cost: number
}

export interface ChatTask {
  id: string
  user: string
  branch?: string
  model_type: string
  key?: string
  state: string
  length: number
  is_here: boolean
  problem?: string
  started: string
  ended?: string
}

/** A record of the log; times are nanoseconds since 1970, which is more than a number here holds exactly, and exact enough. */
export interface ChatCall {
  seq: number
  id: string
  model: string
  user_id: string
  user_name: string
  task_start_time: number
  task_end_time: number
  request_start_time: number
  stream_processing_start_time: number
  total_tokens: number
  prompt_tokens: number
  completion_tokens: number
  outcome: string
  is_estimated?: boolean
  provider?: string
  key_id?: string
  cost_micros?: number
}
