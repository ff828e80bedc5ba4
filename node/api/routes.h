/*
 * routes - the tables of every file of this folder, for routes.c to list.
 */
#ifndef WARD_NODE_API_ROUTES_H
#define WARD_NODE_API_ROUTES_H

#include "node/api/api.h"

extern const struct api_route api_about_routes[];
extern const struct api_route api_accounts_routes[];
extern const struct api_route api_credentials_routes[];
extern const struct api_route api_instance_routes[];
extern const struct api_route api_conversations_routes[];
extern const struct api_route api_grouped_routes[];
extern const struct api_route api_markers_routes[];
extern const struct api_route api_notification_policy_routes[];
extern const struct api_route api_notification_requests_routes[];
extern const struct api_route api_status_routes[];
extern const struct api_route api_status_mark_routes[];
extern const struct api_route api_status_write_routes[];
extern const struct api_route api_status_edit_routes[];
extern const struct api_route api_status_people_routes[];
extern const struct api_route api_poll_routes[];
extern const struct api_route api_scheduled_routes[];
extern const struct api_route api_files_routes[];
extern const struct api_route api_media_routes[];
extern const struct api_route api_notifications_routes[];
extern const struct api_route api_proxy_routes[];
extern const struct api_route api_static_routes[];
extern const struct api_route api_push_routes[];
extern const struct api_route api_filters_routes[];
extern const struct api_route api_filters_v1_routes[];
extern const struct api_route api_lists_routes[];
extern const struct api_route api_shelf_routes[];
extern const struct api_route api_timeline_routes[];
extern const struct api_route api_people_routes[];
extern const struct api_route api_relations_routes[];
extern const struct api_route api_reports_routes[];
extern const struct api_route api_tags_routes[];
extern const struct api_route api_preferences_routes[];
extern const struct api_route api_nothing_routes[];
extern const struct api_route api_domain_blocks_routes[];
extern const struct api_route api_custom_emojis_routes[];
extern const struct api_route api_search_routes[];
extern const struct api_route api_apps_routes[];
extern const struct api_route api_authorize_routes[];
extern const struct api_route api_oauth_token_routes[];
extern const struct api_route api_streaming_routes[];

#endif
