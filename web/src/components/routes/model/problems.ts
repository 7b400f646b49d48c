import type { ApiError } from '../../../api/client'
import type { RuleProblem } from './types'
import { isObject } from './values'

/** The problems of a refusal that are about rules; whatever else is in the list is left out. */
export function problemsOf(error: ApiError): RuleProblem[] {
  return error.problems.filter(isObject).map(problemOf)
}

export function problemOf(value: Record<string, unknown>): RuleProblem {
  return {
    rule: typeof value['rule'] === 'string' ? value['rule'] : null,
    index: typeof value['index'] === 'number' ? value['index'] : null,
    field: typeof value['field'] === 'string' ? value['field'] : '',
    message: typeof value['message'] === 'string' ? value['message'] : '',
    remedy: typeof value['remedy'] === 'string' ? value['remedy'] : '',
  }
}

export const problemText = (problem: RuleProblem): string => (problem.remedy === '' ? problem.message : `${problem.message} (${problem.remedy})`)

/** True when a problem belongs to what a field of the form shows: it names the field, or something inside it. */
export const isAt = (problem: RuleProblem, field: string): boolean =>
  problem.field === field || problem.field.startsWith(`${field}.`) || problem.field.startsWith(`${field}[`)
