#include "node/api/routes.h"

#include "node/api/api.h"

const struct api_route *const api_tables[] = {
    api_about_routes,
    api_accounts_routes,
    api_apps_routes,
    api_authorize_routes,
    api_credentials_routes,
    api_instance_routes,
    api_conversations_routes,
    api_grouped_routes,
    api_markers_routes,
    api_notification_policy_routes,
    api_status_routes,
    api_status_mark_routes,
    api_status_write_routes,
    api_notifications_routes,
    api_oauth_token_routes,
    api_push_routes,
    api_lists_routes,
    api_shelf_routes,
    api_timeline_routes,
    api_people_routes,
    api_relations_routes,
    api_search_routes,
    api_files_routes,
    api_media_routes,
    api_proxy_routes,
    api_static_routes,
    api_streaming_routes,
    NULL,
};
