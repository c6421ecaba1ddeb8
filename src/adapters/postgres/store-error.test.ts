import { describe, expect, it } from '@jest/globals';
import { KubernautError } from '../../domain/errors.js';
import { toStoreError } from './store-error.js';

const fromServer = (code: string) => Object.assign(new Error('as the server says it'), { code, severity: 'ERROR' });
const fromSystem = (code: string) => Object.assign(new Error('as the system says it'), { code });

describe('toStoreError', () => {
  it.each([
    ['a refused connection', fromSystem('ECONNREFUSED'), 'StoreUnavailable'],
    ['a broken pipe, whose code looks like a SQLSTATE', fromSystem('EPIPE'), 'StoreUnavailable'],
    ['an error of the pool without a code', new Error('timeout exceeded'), 'StoreUnavailable'],
    ['a server that shuts down', fromServer('57P01'), 'StoreUnavailable'],
    ['too many connections', fromServer('53300'), 'StoreUnavailable'],
    ['a full disk', fromServer('53100'), 'StoreUnavailable'],
    ['a statement timeout', fromServer('57014'), 'StoreUnavailable'],
    ['a deadlock', fromServer('40P01'), 'StoreUnavailable'],
    ['a standby after a failover', fromServer('25006'), 'StoreUnavailable'],
    ['a wrong password', fromServer('28P01'), 'ConfigInvalid'],
    ['a database that does not exist', fromServer('3D000'), 'ConfigInvalid'],
    ['a missing grant', fromServer('42501'), 'ConfigInvalid'],
    ['a missing table', fromServer('42P01'), 'Internal'],
    ['a value out of range', fromServer('22003'), 'Internal'],
    ['a bug of ours', new TypeError('x is not a function'), 'Internal'],
  ])('calls %s by its code', (_, error, code) => {
    expect(toStoreError(error, 'testing')).toMatchObject({ code, cause: error });
  });

  it('leaves our own errors as they are', () => {
    const own = new KubernautError('NotFound', 'x');
    expect(toStoreError(own, 'testing')).toBe(own);
  });
});
