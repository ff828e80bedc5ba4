/*
 * notify - tells systemd how the daemon fares, when it wants to know.
 *
 * Source   sd_notify(3): a datagram to the socket $NOTIFY_SOCKET names
 */
#ifndef WARD_NODE_NOTIFY_H
#define WARD_NODE_NOTIFY_H

/* "READY=1", "STOPPING=1"; without a listener nothing happens. */
void notify(const char *state);
/* "RELOADING=1" with the time systemd asks for. */
void notify_reloading(void);

#endif
