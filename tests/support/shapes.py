"""shapes - what apps read out of each entity: which keys must be there, and of which type.

    shapes.check("Status", answer)        # tap.Failure names the path of what is wrong
    shapes.check("[Status]", answer)

A line of a shape is `name:type`. Types: s text, html, id digits as text, url absolute address, b true or false,
n integer, x number, t instant with milliseconds in UTC, d day, o any object, v anything; [T] a list of T; another
word is an entity; a|b one of these texts. `?` after the type: may be null, but the key is there. `~` before the
name: may be left out.
"""

import re

from . import tap

_ACCOUNT = """id:id username:s acct:s url:url display_name:s note:html avatar:url avatar_static:url header:url
    header_static:url locked:b created_at:t emojis:[CustomEmoji] followers_count:n following_count:n statuses_count:n
    fields:[Field] bot:b group:b discoverable:b? last_status_at:d? uri:url hide_collections:b? indexable:b
    ~roles:[Role] ~moved:Account ~suspended:b ~limited:b ~noindex:b"""
_CONFIGURATION = """statuses:StatusLimits media_attachments:MediaLimits polls:PollLimits accounts:AccountLimits"""

_TEXT = {
    "{}": "",
    "Account": _ACCOUNT,
    "Field": "name:s value:html verified_at:t?",
    "Role": "id:s name:s color:s",
    "MutedAccount": _ACCOUNT + " mute_expires_at:t?",
    "CredentialAccount": _ACCOUNT + " source:Source role:CredentialRole",
    "CredentialRole": "id:s name:s color:s permissions:s highlighted:b",
    "Source": """note:s fields:[SourceField] privacy:s sensitive:b language:s? follow_requests_count:n
        hide_collections:b? discoverable:b? indexable:b""",
    "SourceField": "name:s value:s",
    "Status": """id:id uri:s url:url? created_at:t account:Account content:html
        visibility:public|unlisted|private|direct sensitive:b spoiler_text:s
        media_attachments:[MediaAttachment] mentions:[Mention] tags:[StatusTag]
        emojis:[CustomEmoji] reblogs_count:n favourites_count:n replies_count:n in_reply_to_id:id?
        in_reply_to_account_id:id? reblog:Status? poll:Poll? card:PreviewCard? language:s? edited_at:t? quote:o?
        quotes_count:n ~application:StatusApplication ~filtered:[FilterResult] favourited:b reblogged:b muted:b
        bookmarked:b ~pinned:b ~text:s""",
    "StatusApplication": "name:s website:s?",
    "Mention": "id:id username:s url:url acct:s",
    "StatusTag": "name:s url:url",
    "MediaAttachment": """id:id type:image|gifv|video|audio|unknown url:url? preview_url:url? remote_url:url? meta:o?
        description:s? blurhash:s?""",
    "CustomEmoji": "shortcode:s url:url static_url:url visible_in_picker:b category:s?",
    "Poll": """id:id expires_at:t? expired:b multiple:b votes_count:n voters_count:n? options:[PollOption]
        emojis:[CustomEmoji] voted:b own_votes:[n]""",
    "PollOption": "title:s votes_count:n?",
    "PreviewCard": """url:url title:s description:s type:link|photo|video|rich author_name:s author_url:s
        provider_name:s provider_url:s html:s width:n height:n image:url? embed_url:s blurhash:s? authors:[o]""",
    "Notification": "id:id type:s created_at:t account:Account ~status:Status group_key:s ~report:o",
    "GroupedNotifications": "accounts:[Account] statuses:[Status] notification_groups:[NotificationGroup]",
    "NotificationGroup": """group_key:s notifications_count:n type:s most_recent_notification_id:v page_min_id:s
        page_max_id:s latest_page_notification_at:t sample_account_ids:[id] ~status_id:id""",
    "NotificationPolicy": """for_not_following:s for_not_followers:s for_new_accounts:s for_private_mentions:s
        for_limited_accounts:s summary:o""",
    "NotificationPolicyV1": """filter_not_following:b filter_not_followers:b filter_new_accounts:b
        filter_private_mentions:b summary:o""",
    "NotificationRequest": "id:id created_at:t updated_at:t notifications_count:s account:Account ~last_status:Status",
    "Count": "count:n",
    "Merged": "merged:b",
    "Application": "~id:s name:s website:s? ~scopes:[s] ~redirect_uri:s ~redirect_uris:[s] ~vapid_key:s",
    "CredentialApplication": """id:s name:s website:s? scopes:[s] redirect_uri:s redirect_uris:[s] client_id:s
        client_secret:s ~vapid_key:s""",
    "Token": "access_token:s token_type:s scope:s created_at:n",
    "UserInfo": "iss:url sub:s name:s preferred_username:s profile:url picture:url",
    "InstanceV1": """uri:s title:s short_description:s description:s email:s version:s urls:InstanceUrls
        stats:InstanceStats thumbnail:url? languages:[s] registrations:b approval_required:b invites_enabled:b
        configuration:Configuration contact_account:Account? rules:[Rule]""",
    "InstanceUrls": "streaming_api:s",
    "InstanceStats": "user_count:n status_count:n domain_count:n",
    "Configuration": _CONFIGURATION,
    "ConfigurationV2": _CONFIGURATION + " urls:o vapid:o translation:o timelines_access:o limited_federation:b",
    "StatusLimits": "max_characters:n max_media_attachments:n characters_reserved_per_url:n",
    "MediaLimits": """supported_mime_types:[s] image_size_limit:n image_matrix_limit:n video_size_limit:n
        video_frame_rate_limit:n video_matrix_limit:n description_limit:n""",
    "PollLimits": "max_options:n max_characters_per_option:n min_expiration:n max_expiration:n",
    "AccountLimits": "max_featured_tags:n",
    "InstanceV2": """domain:s title:s version:s source_url:s description:s usage:o thumbnail:o icon:[o] languages:[s]
        configuration:ConfigurationV2 registrations:o contact:o rules:[Rule]""",
    "Rule": "id:s text:s hint:s translations:o",
    "DomainBlock": "domain:s digest:s severity:s",
    "ExtendedDescription": "updated_at:t? content:html",
    "TermsOfService": "effective_date:s? effective:b content:html succeeded_by:s?",
    "Activity": "week:s statuses:s logins:s registrations:s",
    "Error": "error:s",
    "PrivacyPolicy": "updated_at:t? content:html",
    "Relationship": """id:id following:b showing_reblogs:b notifying:b languages:[s]? followed_by:b blocking:b
        blocked_by:b muting:b muting_notifications:b muting_expires_at:t? requested:b requested_by:b
        domain_blocking:b endorsed:b
        note:s""",
    "Context": "ancestors:[Status] descendants:[Status]",
    "Search": "accounts:[Account] statuses:[Status] hashtags:[Tag]",
    "Tag": "name:s url:url history:[o] ~following:b ~featuring:b ~id:s",
    "List": "id:id title:s replies_policy:none|list|followed exclusive:b",
    "Conversation": "id:id unread:b accounts:[Account] last_status:Status?",
    "Markers": "~home:Marker ~notifications:Marker",
    "Marker": "last_read_id:s version:n updated_at:t",
    "Preferences": """posting:default:visibility:s posting:default:sensitive:b posting:default:language:s?
        reading:expand:media:default|show_all|hide_all reading:expand:spoilers:b""",
    "Filter": """id:id title:s context:[s] expires_at:t? filter_action:warn|hide|blur keywords:[FilterKeyword]
        statuses:[FilterStatus]""",
    "FilterKeyword": "id:id keyword:s whole_word:b",
    "FilterStatus": "id:id status_id:id",
    "FilterResult": "filter:o keyword_matches:[s]? status_matches:[id]?",
    "V1Filter": "id:id phrase:s context:[s] expires_at:t? irreversible:b whole_word:b",
    "StatusSource": "id:id text:s spoiler_text:s",
    "StatusEdit": """content:html spoiler_text:s sensitive:b created_at:t account:Account
        media_attachments:[MediaAttachment] emojis:[CustomEmoji] ~poll:o""",
    "ScheduledStatus": "id:id scheduled_at:t params:o media_attachments:[MediaAttachment]",
    "Report": """id:id action_taken:b action_taken_at:t? category:s comment:s forwarded:b created_at:t status_ids:[id]?
        rule_ids:[id]? target_account:Account""",
    "WebPushSubscription": "id:n endpoint:url alerts:o server_key:s ~policy:s ~standard:b",
    "FamiliarFollowers": "id:id accounts:[Account]",
    "FeaturedTag": "id:id name:s url:url statuses_count:v last_status_at:d?",
    "Suggestion": "source:s account:Account",
    "Announcement": """id:id content:html starts_at:t? ends_at:t? all_day:b published_at:t updated_at:t mentions:[o]
        statuses:[o] tags:[o] emojis:[CustomEmoji] reactions:[o]""",
}


def _parse(text):
    fields = []
    for word in text.split():
        name, _, kind = word.rpartition(":")
        fields.append((name.lstrip("~"), kind, name.startswith("~")))
    return fields


SHAPES = {name: _parse(text) for name, text in _TEXT.items()}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SIMPLE = {
    "s": lambda v: isinstance(v, str),
    "html": lambda v: isinstance(v, str) and not re.search(r"<script|\son\w+=|javascript:", v, re.I),
    "id": lambda v: isinstance(v, str) and v.isdigit(),
    "url": lambda v: isinstance(v, str) and re.match(r"https://[^/\s]+", v),
    "b": lambda v: isinstance(v, bool),
    "n": lambda v: isinstance(v, int) and not isinstance(v, bool) and abs(v) < 2**31,
    "x": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "t": lambda v: isinstance(v, str) and _INSTANT.fullmatch(v),
    "d": lambda v: isinstance(v, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", v),
    "o": lambda v: isinstance(v, dict),
    "v": lambda v: v is not None,
}


def check(kind, value, path="answer"):
    """Fails unless `value` has the shape `kind`."""
    if kind.endswith("?") and value is None:
        return
    kind = kind.rstrip("?")
    if kind.startswith("["):
        tap.check(isinstance(value, list), f"{path}: a list was wanted, not {value!r:.100}")
        for i, item in enumerate(value):
            check(kind[1:-1], item, f"{path}[{i}]")
    elif kind in _SIMPLE:
        tap.check(_SIMPLE[kind](value), f"{path}: {value!r:.100} is not {kind}")
    elif "|" in kind:
        tap.check(value in kind.split("|"), f"{path}: {value!r:.100} is none of {kind}")
    else:
        tap.check(kind in SHAPES, f"{path}: there is no shape {kind!r}")
        tap.check(isinstance(value, dict), f"{path}: {kind} was wanted, not {value!r:.100}")
        for name, inner, may_lack in SHAPES[kind]:
            if name not in value:
                tap.check(may_lack, f"{path}: {kind} lacks {name}")
            else:
                check(inner, value[name], f"{path}.{name}")
