/** How programs word that they could not connect: Go, libc, Node, Python, PostgreSQL, and init scripts that wait. */
export const COMPLAINT =
  /dial tcp|lookup |no such host|connection refused|i\/o timeout|cannot connect|could not connect|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|getaddrinfo|could not translate host|name or service not known|connection timed out|host unreachable|no route to host|waiting for /i;
