/* Whether the peer of a request is still there, as far as TCP knows. Never reads from the
 * connection: libmicrohttpd owns what arrives. */
#include "http_server_impl.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

bool http_request_peer_closed(const struct http_request *r) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct tcp_info tcp = {0};
    socklen_t size = sizeof tcp;
    if (info == NULL || getsockopt(info->connect_fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0)
        return true;
    return tcp.tcpi_state != TCP_ESTABLISHED;
}
