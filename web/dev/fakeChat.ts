// A chat with two providers, keys in every state, a month of usage, and a task that runs.
import type { ChatCall, ChatKey, ChatTask, ChatUsage } from '../src/api/chat'
import { problem, type Call, type Reply } from './fake'

const day = 86_400_000
const users = ['10001', 'group_42', '中文用户', '<b>bold</b>']
const models = ['deepseek-chat', 'deepseek-reasoner']

export class FakeChat {
  private keys: ChatKey[] = [
    { id: 'k7f3a9c1', name: 'NoneBot', state: 'valid', created: new Date(Date.now() - 20 * day).toISOString(), limits: { requests_per_minute: 60, budget_per_month: 20 }, used: { day_tokens: 48_211, day_cost: 0.0412, month_cost: 1.2031 } },
    { id: 'k0b82d44', name: 'old <script>', state: 'revoked', created: new Date(Date.now() - 90 * day).toISOString(), revoked: new Date(Date.now() - 40 * day).toISOString(), limits: {}, used: { day_tokens: 0, day_cost: 0, month_cost: 0 } },
  ]
  private tasks: ChatTask[] = [{ id: 't1', user: '10001', branch: 'default', model_type: 'reasoner', state: 'running', length: 812, is_here: true, started: new Date(Date.now() - 8000).toISOString() }]
  private calls = Array.from({ length: 30 }, (_, index) => callOf(index + 1, Date.now() - (30 - index) * 400_000))

  constructor() {
    setInterval(() => this.calls.push(callOf(this.calls.length + 1, Date.now())), 5000).unref()
  }

  answer({ method, path, query, body }: Call): Reply {
    const [, , list = '', id] = path.split('/')
    switch (`${method} ${list}`) {
      case 'GET status':
        return { body: { running: true, program: 'chat' } }
      case 'GET providers':
        return {
          body: {
            models: models.map((model, n) => ({ provider: 'Deepseek', name: model, id: model, type: n === 0 ? 'chat' : 'reasoner', url: 'https://api.deepseek.com/v1', weight: 1 })),
            keys: models.flatMap((model) => [
              { provider: 'Deepseek', key_variable: 'DEEPSEEK_KEY_1', model, url: 'https://api.deepseek.com/v1', state: 'in use', calls: 812, failures: 3 },
              { provider: 'Deepseek', key_variable: 'DEEPSEEK_KEY_2', model, url: 'https://api.deepseek.com/v1', state: 'resting', rests_for_seconds: 41, reason: 'rate', calls: 640, failures: 21 },
            ]),
          },
        }
      case 'POST test':
        return { body: { model: body['model'], ok: body['model'] === models[0], milliseconds: 412, answer: 'OK.', problem: 'the provider has answered 503' } }
      case 'GET keys':
        return { body: { keys: this.keys } }
      case 'POST keys':
        this.keys.push({ id: `k${Date.now()}`, name: String(body['name']), state: 'valid', created: new Date().toISOString(), limits: body['limits'] as ChatKey['limits'], used: { day_tokens: 0, day_cost: 0, month_cost: 0 } })
        return { status: 201, body: { id: this.keys.at(-1)?.id, name: body['name'], key: 'init-7f3a9c17d2b8.4e605a1c9d7e3b2f40816c5da973' } }
      case 'DELETE keys':
        this.keys = this.keys.map((key) => (key.id === id ? { ...key, state: 'revoked' } : key))
        return { body: { keys: this.keys.filter((key) => key.id === id) } }
      case 'GET usage':
        return { body: { usage: usageOf(query.get('by') ?? 'day') } }
      case 'GET users':
        return { body: { users: users.map((user, n) => ({ id: user, has: n === 1 ? ['context'] : ['context', 'prompt', 'config'], calls: 40 - n, total_tokens: 31_000 - 900 * n, cost: 0.31 - 0.01 * n })), total: users.length } }
      case 'GET tasks':
        return { body: { tasks: this.tasks } }
      case 'DELETE tasks':
        this.tasks = this.tasks.filter((task) => task.id !== id)
        return { body: { tasks: [] } }
      case 'GET calls': {
        const after = Number(query.get('after') ?? 0)
        const fits = this.calls.filter((call) => call.seq > after && call.user_id.includes(query.get('user') ?? '') && call.model.includes(query.get('model') ?? ''))
        return { body: { calls: (query.get('order') === 'oldest' ? fits : fits.reverse()).slice(0, Number(query.get('limit') ?? 100)) } }
      }
      default:
        return problem(404, 'not_found', `nothing is at ${path}`)
    }
  }
}

function usageOf(by: string): ChatUsage[] {
  const sum = (n: number): Omit<ChatUsage, 'day'> => ({ calls: 20 + ((n * 37) % 60), failures: n % 4, prompt_tokens: 9000 + ((n * 7919) % 40_000), completion_tokens: 4000, total_tokens: 13_000 + ((n * 7919) % 40_000), cost: 0.1 + ((n * 31) % 9) / 10 })
  if (by === 'day') return Array.from({ length: 30 }, (_, n) => ({ ...sum(n), day: new Date(Date.now() - (29 - n) * day).toISOString().slice(0, 10) }))
  return (by === 'model' ? models : by === 'user' ? users : ['k7f3a9c1', '']).map((name, n) => ({ ...sum(n), [by]: name }))
}

function callOf(seq: number, at: number): ChatCall {
  return {
    seq, id: `c${seq}`, model: models[seq % 2] ?? '', user_id: users[seq % 4] ?? '', user_name: '', task_start_time: at * 1e6, task_end_time: (at + 3210) * 1e6, request_start_time: at * 1e6, stream_processing_start_time: (at + 400) * 1e6,
    total_tokens: 1200, prompt_tokens: 900, completion_tokens: 300, outcome: seq % 9 === 0 ? 'failed' : seq % 7 === 0 ? 'cancelled' : 'done', is_estimated: seq % 7 === 0, key_id: seq % 3 === 0 ? 'k7f3a9c1' : undefined,
  }
}
