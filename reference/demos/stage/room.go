package stage

import (
	"errors"
	"net/http"
	"regexp"
)

var roomName = regexp.MustCompile(`^[A-Za-z0-9_-]{0,128}$`)

// ErrRoom says that a room's name is none.
var ErrRoom = errors.New("room: want letters, digits, - and _, at most 128")

// IsRoom reports whether a room could be called so.
func IsRoom(name string) bool { return roomName.MatchString(name) }

// Room is the part of a demo that a request is about, for demos whose pages
// share something: "" is everybody's, ?room=NAME one that only those share who
// know the name.
func Room(r *http.Request) (string, error) {
	room := r.URL.Query().Get("room")
	if !IsRoom(room) {
		return "", ErrRoom
	}
	return room, nil
}
