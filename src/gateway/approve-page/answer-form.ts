import { KubernautError } from '../../domain/errors.js';
import { visible } from '../../domain/visible-text.js';

export interface FormAnswer {
  kind: 'approve' | 'reject';
  by: string;
  reason?: string;
  /** 1 or absent: the plan itself. */
  candidate?: number;
}

const NAME_MAX = 100;
const REASON_MAX = 500;

/** The fields of the form; unknown ones are ignored, repeated ones count once. Throws BadRequest. */
export function answerIn(body: URLSearchParams): FormAnswer {
  const decision = body.get('decision');
  if (decision !== 'approve' && decision !== 'reject') throw new KubernautError('BadRequest', 'press one of the two buttons');
  const by = textIn(body, 'by', NAME_MAX);
  if (by === '') throw new KubernautError('BadRequest', 'say who decides: the name goes into the record');
  const reason = textIn(body, 'reason', REASON_MAX);
  const candidate = body.get('candidate') ?? '1';
  if (!/^[1-9]\d?$/.test(candidate)) throw new KubernautError('BadRequest', 'choose one of the ways that are listed');
  return { kind: decision, by, ...(reason ? { reason } : {}), ...(candidate === '1' || decision === 'reject' ? {} : { candidate: Number(candidate) }) };
}

const textIn = (body: URLSearchParams, name: string, max: number): string => visible(body.get(name) ?? '').replace(/\s+/g, ' ').trim().slice(0, max);

/** Throws BadRequest for what is not UTF-8. */
export function formIn(raw: Buffer): URLSearchParams {
  try {
    return new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch (error) {
    throw new KubernautError('BadRequest', 'the form is not UTF-8', error);
  }
}
