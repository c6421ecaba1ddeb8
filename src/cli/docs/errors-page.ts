import { ERRORS } from '../../domain/errors.js';
import { code, generated, page, tableOf } from './markdown.js';

export const renderErrors = (): string =>
  page(
    generated('Errors'),
    `Every error has a code. Over HTTP it is \`error.code\` of an \`application/problem+json\` answer (RFC 9457); in a workflow history it is the
\`type\` of the activity failure. Codes never change their meaning. "Retried" means that Temporal tries the activity again.`,
    tableOf(
      ['code', 'retried', 'HTTP status', 'meaning'],
      Object.entries(ERRORS).map(([name, { retryable, status, meaning }]) => [code(name), retryable ? 'yes' : 'no', String(status), meaning]),
    ),
    'Answers with 429 and 503 carry `Retry-After`, in seconds. AlertManager retries 5xx only, so whatever may pass is 503.',
  );
